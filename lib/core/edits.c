/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/edits.h"

#include <assert.h>

#include "base/domain.h"
#include "core/check.h"
#include "core/strip.h"

_Static_assert(PST_HEADER_WATCHED >= 1 + 1 + PST_MARKS_ALSO,
    "Authentication-Results and all marks are watched");

void
pst_edits_watch(struct pst_header *header, const struct pst_config *config)
{
	pst_header_watch(header, PST_AUTHRES_NAME);
	for (size_t i = 0; i < config->marks.count; i++)
		pst_header_watch(header, config->marks.items[i].name);
	pst_header_sweep(header, &config->sweep);
}

/*
 * Writes the checks that are extra, or those that are not. A check whose words
 * do not fit is left out: the field must not fail because of what a sender put
 * into one of them.
 */
static void
write_checks(
    struct pst_authres *ar, const struct pst_findings *findings, bool extra)
{
	for (size_t i = 0; i < pst_check_count; i++) {
		const struct pst_check *check = pst_checks[i];
		struct pst_authres before = *ar;

		if (check->is_extra != extra || check->authres == NULL)
			continue;
		check->authres(findings, pst_check_state(findings, i), ar);
		if (pst_buf_overflowed(&ar->buf))
			*ar = before;
	}
}

const char *
pst_edits_result_field(struct pst_arena *arena, const char *authserv_id,
    const struct pst_findings *findings, const char *remark)
{
	struct pst_authres ar;
	char *value;

	pst_authres_begin(&ar, arena, pst_str(authserv_id));
	ar.remark = remark;
	write_checks(&ar, findings, false);
	write_checks(&ar, findings, true);
	value = pst_authres_end(&ar);
	assert(value != NULL);
	return value;
}

/* What is needed to tell a forged result field from a foreign one. */
struct forged {
	struct pst_arena *arena;
	const struct pst_config *config;
	const char *authserv_id;
};

static bool
is_our_id(const struct forged *forged, const char *id)
{
	const struct pst_texts *aliases = &forged->config->authserv_id_aliases;

	if (pst_domain_eq(id, forged->authserv_id))
		return true;
	for (size_t i = 0; i < aliases->count; i++) {
		if (pst_domain_eq(id, aliases->items[i]))
			return true;
	}
	return false;
}

/* R-AR-12, R-AR-13: true if the field can be parsed and the id is not ours. */
static bool
is_foreign(const struct forged *forged, const struct pst_header_field *field)
{
	const char *id;

	return pst_authres_read_id(forged->arena, field->value, &id) ==
	    PST_AUTHRES_ID_OK &&
	    !is_our_id(forged, id);
}

static struct pst_edit *
add_edit(struct pst_decision *decision)
{
	return &decision->edits[decision->edit_count++];
}

static void
delete_field(struct pst_decision *decision, const char *name, size_t nth)
{
	struct pst_edit *edit = add_edit(decision);

	edit->op = PST_EDIT_DELETE;
	edit->name = name;
	edit->index = nth;
}

static void
insert_field(struct pst_decision *decision, const char *name, const char *value)
{
	struct pst_edit *edit = add_edit(decision);

	edit->op = PST_EDIT_INSERT;
	edit->name = name;
	edit->value = value;
}

/*
 * Deletes the fields of that name for which keep() is false; keep may be NULL,
 * then all are deleted. Fields beyond a limit of the header were not read, so
 * they are deleted without a call of keep(). The last field is deleted first,
 * because an MTA renumbers the fields after each deletion (R-AR-14).
 */
static void
delete_fields(const struct forged *forged, const struct pst_header *header,
    const char *name,
    bool (*keep)(
	const struct forged *forged, const struct pst_header_field *field),
    struct pst_decision *decision)
{
	size_t nth = pst_header_seen(header, name);

	for (size_t i = header->count; i-- > 0;) {
		const struct pst_header_field *field = &header->fields[i];

		if (!pst_str_ieq(field->name, pst_str(name)))
			continue;
		while (nth > field->nth)
			delete_field(decision, name, nth--);
		if (keep == NULL || !keep(forged, field))
			delete_field(decision, name, nth);
		nth--;
	}
	while (nth > 0)
		delete_field(decision, name, nth--);
}

/* Each name has a numbering of its own; the signed ones are the last. */
static void
strip_fields(const struct pst_config *config, const struct pst_header *header,
    struct pst_decision *decision)
{
	for (const struct pst_swept_name *one = header->swept.first;
	     one != NULL; one = one->next) {
		bool own;
		size_t count = pst_strip_count(config, one, &own);

		if (!own)
			decision->stripped += count;
		while (count > 0)
			delete_field(decision, one->name, count--);
	}
}

static void
insert_fields(
    struct pst_decision *decision, const struct pst_mark *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		insert_field(decision, fields[i].name, fields[i].value);
}

/* An upper bound of the edits of one message. */
static size_t
most_edits(const struct pst_marks *marks, const struct pst_header *header,
    const struct pst_decision *decision)
{
	size_t most = pst_header_seen(header, PST_AUTHRES_NAME) + 1;

	for (size_t i = 0; i < marks->count; i++)
		most += pst_header_seen(header, marks->items[i].name) + 1;
	for (const struct pst_swept_name *one = header->swept.first;
	     one != NULL; one = one->next)
		most += one->seen;
	if (decision->by != NULL)
		most += decision->by->also_count;
	return most;
}

void
pst_edits_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *decision)
{
	struct forged forged = {arena, config, authserv_id};
	const struct pst_marks *marks = &config->marks;
	bool exempt = findings->exempt != PST_EXEMPT_NO || decision->skip;

	/* A refused message is not edited. */
	if (decision->action == PST_ACTION_REJECT ||
	    decision->action == PST_ACTION_TEMPFAIL)
		return;
	decision->edits = pst_arena_array(arena,
	    most_edits(marks, header, decision), sizeof(*decision->edits));
	if (mta->can_change_headers && findings->exempt != PST_EXEMPT_TRUSTED)
		delete_fields(
		    &forged, header, PST_AUTHRES_NAME, is_foreign, decision);
	/* In monitor mode, too: the server behind believes the mark (R-AR-16). */
	for (size_t i = 0; i < marks->count; i++) {
		if (mta->can_change_headers && !exempt)
			delete_fields(&forged, header, marks->items[i].name,
			    NULL, decision);
	}
	if (mta->can_change_headers && !exempt)
		strip_fields(config, header, decision);
	if (!mta->can_add_headers || exempt)
		return;
	if (decision->action == PST_ACTION_TAG)
		insert_fields(decision, marks->items, marks->count);
	if (decision->by != NULL)
		insert_fields(
		    decision, decision->by->also, decision->by->also_count);
	insert_field(decision, PST_AUTHRES_NAME,
	    pst_edits_result_field(
		arena, authserv_id, findings, decision->remark));
}
