/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/json.h"
#include "tools/replay.h"
#include "tools/ui.h"

/* Lines have at most WIDTH columns, whatever the terminal has. */
#define WIDTH 80
#define INDENT 10
#define MAX_NAME (WIDTH - INDENT)
/* Groups of each kind that are printed; the JSON has more. */
#define MAX_PRINTED 20
#define MAX_JSON 1000

/* ---- counting ---- */

const char *
pst_replay_done(struct pst_arena *arena, const struct pst_decision *decision)
{
	if (decision->action == decision->would)
		return pst_action_word(decision->action);
	return pst_arena_printf(arena, "%s (would %s)",
	    pst_action_word(decision->action),
	    pst_action_word(decision->would));
}

static const char *
from_domain(const struct pst_from *from)
{
	if (from->domain_count == 1)
		return from->domains[0];
	if (from->domain_count > 1)
		return "(several domains)";
	return from->only_domain != NULL ? from->only_domain : "(no domain)";
}

static const char *
rules_of(struct pst_arena *arena, const char *then, const char *now)
{
	return strcmp(then, now) == 0 ?
	    then :
	    pst_arena_printf(arena, "%s -> %s", then, now);
}

void
pst_replay_result_add(struct pst_replay_result *result,
    const struct pst_message *message, const struct pst_replay *replay)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_replay_group group = {.from = "", .to = ""};

	result->read++;
	result->by_same_config += replay->is_same;
	result->faults +=
	    replay->is_same && replay->is_changed && replay->doubt == NULL;
	if (replay->doubt != NULL) {
		result->in_doubt++;
		group.name = replay->doubt;
		pst_replay_groups_add(
		    &result->doubts, &group, message->queue_id);
	} else if (replay->is_changed) {
		result->changed++;
		group.name = rules_of(
		    arena, message->decision.rule, replay->decision.rule);
		group.from = pst_replay_done(arena, &message->decision);
		group.to = pst_replay_done(arena, &replay->decision);
		pst_replay_groups_add(
		    &result->rules, &group, message->queue_id);
		group.name = from_domain(&message->findings.from);
		pst_replay_groups_add(
		    &result->domains, &group, message->queue_id);
	} else {
		result->same++;
	}
	pst_arena_free(arena);
}

/* ---- text ---- */

/* Titles may be in any language; names of domains are in normal form. */
static const char *
shown(struct pst_arena *arena, const char *text)
{
	const char *safe = pst_escaped(arena, pst_str(text));

	return strlen(safe) <= MAX_NAME ?
	    safe :
	    pst_arena_printf(arena, "%.*s...", MAX_NAME - 3, safe);
}

static const char *
becomes(struct pst_arena *arena, const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return pst_arena_printf(
		    arena, "%s, by another rule or with another reply", from);
	return pst_arena_printf(arena, "%s -> %s", from, to);
}

/* Prints those that fit into one line; a long one has a line of its own. */
static void
print_examples(const struct pst_replay_group *group)
{
	size_t used = INDENT + strlen("such as");

	if (group->example_count == 0)
		return;
	printf("%*ssuch as", INDENT, "");
	for (size_t i = 0; i < group->example_count; i++) {
		const char *id = group->examples[i];

		used += strlen(id) + 2;
		if (i > 0 && used > WIDTH)
			break;
		printf("%s %s", i == 0 ? "" : ",", id);
	}
	putchar('\n');
}

static void
print_group(struct pst_arena *arena, const struct pst_replay_group *group)
{
	printf("%8" PRIu64 "  ", group->count);
	pst_ui_print(PST_UI_WARN, shown(arena, group->name));
	putchar('\n');
	if (group->from[0] != '\0')
		printf("%*s%s\n", INDENT, "",
		    becomes(arena, group->from, group->to));
	print_examples(group);
}

static void
print_groups(struct pst_arena *arena, const char *title,
    struct pst_replay_groups *groups)
{
	size_t count = groups->count;

	if (count == 0)
		return;
	pst_replay_groups_sort(groups);
	printf("\n%s\n", title);
	if (count > MAX_PRINTED)
		count = MAX_PRINTED;
	for (size_t i = 0; i < count; i++)
		print_group(arena, groups->items[i]);
	if (count < groups->count || groups->others > 0)
		printf("%*sand %zu%s more; --json shows up to %d\n", INDENT, "",
		    groups->count - count, groups->others > 0 ? " or" : "",
		    MAX_JSON);
}

static void
print_count(uint64_t count, enum pst_ui_tone tone, const char *text)
{
	printf("%8" PRIu64 "  ", count);
	pst_ui_print(count == 0 ? PST_UI_PLAIN : tone, text);
	putchar('\n');
}

static void
print_heading(struct pst_arena *arena, const struct pst_replay_result *result)
{
	char since[PST_DATE_TEXT_SIZE], until[PST_DATE_TEXT_SIZE];

	printf("journal   %s\n", pst_escaped(arena, pst_str(result->journal)));
	printf(
	    "decided   by %s\n", pst_escaped(arena, pst_str(result->config)));
	if (result->since_s != 0)
		printf("since     %s\n", pst_date_text(result->since_s, since));
	if (result->until_s != 0)
		printf("until     %s\n", pst_date_text(result->until_s, until));
}

static void
print_wrapped(const char *text)
{
	putchar('\n');
	pst_ui_wrap(stdout, text, WIDTH, 0);
}

static void
print_remarks(struct pst_arena *arena, const struct pst_replay_result *result)
{
	uint64_t others = result->read - result->by_same_config;

	if (result->faults > 0)
		print_wrapped(pst_arena_printf(arena,
		    "%" PRIu64 " of them were decided with this very "
		    "configuration, and come out otherwise now. That is a fault "
		    "in Postern: please report it, with the output of \"postern "
		    "explain\" for one of them.\n",
		    result->faults));
	if (others > 0 && !result->is_other)
		print_wrapped(pst_arena_printf(arena,
		    "%" PRIu64 " of them were decided with another "
		    "configuration, or by another version of Postern: that has "
		    "changed since.\n",
		    others));
}

void
pst_replay_print(struct pst_arena *arena, struct pst_replay_result *result)
{
	print_heading(arena, result);
	print_count(result->read, PST_UI_PLAIN, "messages read");
	print_count(result->same, PST_UI_PLAIN, "come out the same");
	print_count(result->changed, PST_UI_WARN, "come out otherwise");
	print_count(
	    result->in_doubt, PST_UI_WARN, "cannot be told for certain");
	if (result->unreadable > 0)
		print_count(
		    result->unreadable, PST_UI_BAD, "entries cannot be read");
	print_groups(arena, "By rule, then and now", &result->rules);
	print_groups(arena, "By From domain", &result->domains);
	print_groups(
	    arena, "Why it cannot be told for certain", &result->doubts);
	print_remarks(arena, result);
}

void
pst_replay_print_one(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_replay *replay)
{
	const struct pst_decision *then = &message->decision;
	const struct pst_decision *now = &replay->decision;

	printf("%s: %s by %s", message->queue_id, pst_replay_done(arena, then),
	    pst_escaped(arena, pst_str(then->rule)));
	if (replay->is_changed)
		printf("\n    now %s by %s", pst_replay_done(arena, now),
		    pst_escaped(arena, pst_str(now->rule)));
	else if (replay->doubt == NULL)
		fputs(", now the same", stdout);
	if (replay->doubt != NULL)
		printf("\n    in doubt: %s", replay->doubt);
	putchar('\n');
}

/* ---- JSON ---- */

static void
add_group(struct pst_json *json, const struct pst_replay_group *group,
    const char *name)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, name, group->name);
	if (group->from[0] != '\0') {
		pst_json_text(json, "then", group->from);
		pst_json_text(json, "now", group->to);
	}
	pst_json_number(json, "messages", group->count);
	pst_json_open_array(json, "queue_ids");
	for (size_t i = 0; i < group->example_count; i++)
		pst_json_text(json, NULL, group->examples[i]);
	pst_json_close(json);
	pst_json_close(json);
}

static void
add_groups(struct pst_json *json, const char *title, const char *name,
    struct pst_replay_groups *groups)
{
	pst_replay_groups_sort(groups);
	pst_json_open_array(json, title);
	for (size_t i = 0; i < groups->count && i < MAX_JSON; i++)
		add_group(json, groups->items[i], name);
	pst_json_close(json);
}

void
pst_replay_print_json(struct pst_arena *arena, struct pst_replay_result *result)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "journal", result->journal);
	pst_json_text(json, "config", result->config);
	pst_json_number(json, "since_epoch", (uint64_t)result->since_s);
	pst_json_number(json, "until_epoch", (uint64_t)result->until_s);
	pst_json_number(json, "read", result->read);
	pst_json_number(json, "same", result->same);
	pst_json_number(json, "changed", result->changed);
	pst_json_number(json, "in_doubt", result->in_doubt);
	pst_json_number(json, "unreadable", result->unreadable);
	pst_json_number(json, "not_found", result->not_found);
	pst_json_number(json, "by_same_config", result->by_same_config);
	pst_json_number(json, "faults", result->faults);
	add_groups(json, "by_rule", "rule", &result->rules);
	add_groups(json, "by_from_domain", "from_domain", &result->domains);
	add_groups(json, "doubts", "why", &result->doubts);
	pst_json_close(json);
	puts(pst_json_end(json));
}
