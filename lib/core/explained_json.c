/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"
#include "core/explain.h"
#include "core/explained.h"
#include "core/print.h"

struct members {
	struct pst_arena *arena;
	const struct pst_explained *one;
};

static void
json_rcpts(struct pst_json *json, const struct pst_explained *one)
{
	const struct pst_message *m = &one->recorded->message;

	pst_json_number(json, "rcpt_count", m->rcpt_count);
	pst_json_open_array(json, "rcpts");
	if (one->recorded->rcpts != PST_RECORDED_RCPTS_NONE) {
		for (size_t i = 0; i < m->rcpts.count; i++)
			pst_json_octets(json, NULL, m->rcpts.items[i]);
	}
	pst_json_close(json);
}

static void
json_remedy(struct pst_json *json, const struct members *members)
{
	struct pst_remedy remedy;

	pst_remedy_of(
	    members->arena, &members->one->recorded->message, &remedy);
	if (remedy.sender == NULL) {
		pst_json_null(json, "remedy");
		return;
	}
	pst_json_open_object(json, "remedy");
	pst_json_text(json, "sender", remedy.sender);
	pst_json_text(json, "rule", remedy.rule);
	pst_json_text(json, "basis", remedy.basis);
	pst_json_text(json, "instead", remedy.instead);
	pst_json_close(json);
}

static void
add_members(const void *arg, struct pst_json *json)
{
	const struct members *members = arg;
	const struct pst_explained *one = members->one;
	const struct pst_message *m = &one->recorded->message;

	pst_json_number(
	    json, "time", one->seen_s < 0 ? 0 : (uint64_t)one->seen_s);
	pst_json_text(json, "queue_id", m->queue_id);
	pst_json_text(
	    json, "message_id", pst_explained_message_id(members->arena, m));
	if (one->gateway != NULL)
		pst_json_octets(json, "gateway", pst_str(one->gateway));
	json_rcpts(json, one);
	pst_json_text(json, "done", pst_action_word(m->done.action));
	pst_print_if_set(json, "failed", m->done.failed);
	pst_json_bool(
	    json, "cut", one->recorded->cut || one->recorded->dns_cut);
	json_remedy(json, members);
}

const char *
pst_explained_json(struct pst_arena *arena, const struct pst_explained *one)
{
	const struct members members = {arena, one};
	const struct pst_explain_source source = {
	    .add = add_members, .arg = &members};

	return pst_explain_saved_json(arena, &one->recorded->message, &source);
}
