/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/rule_reader.h"

#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "config/choice.h"

#define MAX_TITLE 60
#define MAX_COMMENT 200
#define MAX_REPLY 400
#define SKIP "skip"

const struct pst_titled_option pst_rule_options[PST_RULE_OPTIONS] = {
    [PST_RULE_CLIENT] = {"client", true, false},
    [PST_RULE_CLIENT_NAME] = {"client-name", true, false},
    [PST_RULE_MAIL_FROM] = {"mail-from", true, false},
    [PST_RULE_FROM_DOMAIN] = {"from-domain", true, false},
    [PST_RULE_RCPT_DOMAIN] = {"rcpt-domain", true, false},
    [PST_RULE_DKIM_DOMAIN] = {"dkim-domain", true, false},
    [PST_RULE_LIST_ID] = {"list-id", true, false},
    [PST_RULE_ARC_SEALER] = {"arc-sealer", true, false},
    [PST_RULE_DMARC] = {"dmarc", true, false},
    [PST_RULE_SPF] = {"spf", true, false},
    [PST_RULE_SPF_HELO] = {"spf-helo", true, false},
    [PST_RULE_ALIGNED] = {"aligned", true, false},
    [PST_RULE_SPF_WEAK] = {"spf-weak", false, false},
    [PST_RULE_DISPLAY_NAME] = {"display-name", true, false},
    [PST_RULE_INDIRECT] = {"indirect", false, false},
    [PST_RULE_TEMPERROR] = {"temperror", false, false},
    [PST_RULE_ACTION] = {"action", false, false},
    [PST_RULE_REASON] = {"reason", false, false},
    [PST_RULE_COMMENT] = {"comment", false, true},
    [PST_RULE_REPLY] = {"reply", false, true},
    [PST_RULE_ALSO] = {"also", true, false},
};

static const struct pst_choice dmarc_words[] = {
    {"none", PST_RESULT_NONE},
    {"pass", PST_RESULT_PASS},
    {"fail", PST_RESULT_FAIL},
    {"temperror", PST_RESULT_TEMPERROR},
    {"permerror", PST_RESULT_PERMERROR},
    {NULL, 0},
};

static const struct pst_choice spf_words[] = {
    {"none", PST_RESULT_NONE},
    {"pass", PST_RESULT_PASS},
    {"fail", PST_RESULT_FAIL},
    {"softfail", PST_RESULT_SOFTFAIL},
    {"neutral", PST_RESULT_NEUTRAL},
    {"temperror", PST_RESULT_TEMPERROR},
    {"permerror", PST_RESULT_PERMERROR},
    {NULL, 0},
};

static const struct pst_choice aligned_words[] = {
    {"spf", PST_ALIGNED_SPF},
    {"dkim", PST_ALIGNED_DKIM},
    {"none", PST_ALIGNED_NONE},
    {NULL, 0},
};

static const struct pst_choice temperror_words[] = {
    {"skip", false},
    {"match", true},
    {NULL, 0},
};

static const struct pst_choice switch_words[] = {
    {"yes", 1},
    {"no", 0},
    {NULL, 0},
};

static const struct pst_choice action_words[] = {
    {"accept", PST_ACTION_ACCEPT},
    {"tag", PST_ACTION_TAG},
    {"quarantine", PST_ACTION_QUARANTINE},
    {"reject", PST_ACTION_REJECT},
    {"tempfail", PST_ACTION_TEMPFAIL},
    {SKIP, PST_ACTION_ACCEPT},
    {NULL, 0},
};

static const struct pst_choice reason_words[] = {
    {"trusted_forwarder", PST_REASON_TRUSTED_FORWARDER},
    {"mailing_list", PST_REASON_MAILING_LIST},
    {"local_policy", PST_REASON_LOCAL_POLICY},
    {"other", PST_REASON_OTHER},
    {NULL, 0},
};

enum pst_rule_option
pst_rule_option_find(const char *name)
{
	enum pst_rule_option option;

	for (option = PST_RULE_CLIENT; option < PST_RULE_OPTIONS; option++) {
		if (strcmp(pst_rule_options[option].name, name) == 0)
			break;
	}
	return option;
}

/* The arguments of pst_rule_make(), for the functions below. */
struct maker {
	struct pst_rule *rule;
	struct pst_arena *arena;
	unsigned *line;
	struct pst_err *err;
};

static bool
fail_option(
    const struct maker *m, enum pst_rule_option option, const char *sentence)
{
	unsigned line = m->rule->written[option].line;

	*m->line = line == 0 ? m->rule->line : line;
	return pst_err_set(m->err, "rule \"%s\": %s%s%s",
	    pst_escaped(m->arena, pst_str(m->rule->title)),
	    line == 0 ? "" : pst_rule_options[option].name,
	    line == 0 ? "" : ": ", sentence);
}

static bool
is_set(const struct maker *m, enum pst_rule_option option)
{
	return m->rule->written[option].line != 0;
}

static bool
take_word(const struct maker *m, enum pst_rule_option option, const char *text,
    const struct pst_choice *words, unsigned *out)
{
	const struct pst_choice *choice = pst_choice_find(words, text);

	if (choice == NULL)
		return fail_option(m, option,
		    pst_arena_printf(m->arena, "must be one of: %s",
			pst_choice_words(words, m->arena)));
	*out = choice->value;
	return true;
}

/* For an option that holds one word; *out is unchanged if it is not set. */
static bool
take_one(const struct maker *m, enum pst_rule_option option,
    const struct pst_choice *words, unsigned *out)
{
	return !is_set(m, option) ||
	    take_word(m, option, m->rule->written[option].parts[0], words, out);
}

static bool
take_results(const struct maker *m, enum pst_rule_option option,
    const struct pst_choice *words, unsigned *out)
{
	const struct pst_titled_value *value = &m->rule->written[option];
	unsigned result = 0;

	for (size_t i = 0; i < value->count; i++) {
		if (!take_word(m, option, value->parts[i], words, &result))
			return false;
		*out |= 1u << result;
	}
	return true;
}

static bool
take_aligned(const struct maker *m)
{
	const struct pst_titled_value *value =
	    &m->rule->written[PST_RULE_ALIGNED];
	unsigned bit = 0;

	for (size_t i = 0; i < value->count; i++) {
		if (!take_word(m, PST_RULE_ALIGNED, value->parts[i],
			aligned_words, &bit))
			return false;
		m->rule->aligned |= bit;
	}
	return true;
}

static bool
take_switch(const struct maker *m, enum pst_rule_option option, bool *out)
{
	unsigned on = 0;

	if (!take_one(m, option, switch_words, &on))
		return false;
	*out = on != 0;
	return true;
}

#define OWN_ADDRESS "own-address"

static bool
take_display_names(const struct maker *m)
{
	const struct pst_titled_value *value =
	    &m->rule->written[PST_RULE_DISPLAY_NAME];
	const char **names =
	    pst_arena_array(m->arena, value->count, sizeof(*names));
	size_t count = 0;
	struct pst_err why;

	for (size_t i = 0; i < value->count; i++) {
		if (strcmp(value->parts[i], OWN_ADDRESS) == 0)
			m->rule->shows_own = true;
		else
			names[count++] = value->parts[i];
	}
	return pst_name_set_make(
		   &m->rule->shown, m->arena, names, count, &why) ||
	    fail_option(m, PST_RULE_DISPLAY_NAME, why.text);
}

static bool
take_domains(const struct maker *m, enum pst_rule_option option)
{
	const struct pst_titled_value *value = &m->rule->written[option];
	struct pst_err why;

	return pst_domain_set_make(&m->rule->domains[option], m->arena,
		   value->parts, value->count, &why) ||
	    fail_option(m, option, why.text);
}

static bool
take_conditions(const struct maker *m)
{
	const struct pst_titled_value *client =
	    &m->rule->written[PST_RULE_CLIENT];
	struct pst_err why;

	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option <= PST_RULE_INDIRECT; option++) {
		/* An empty list could be mistaken for no condition. */
		if (is_set(m, option) && m->rule->written[option].count == 0)
			return fail_option(m, option,
			    "an empty list matches nothing; remove the option "
			    "or add entries");
	}
	if (!pst_net_set_make_spf(
		&m->rule->client, m->arena, client->parts, client->count, &why))
		return fail_option(m, PST_RULE_CLIENT, why.text);
	for (enum pst_rule_option option = PST_RULE_CLIENT_NAME;
	     option <= PST_RULE_ARC_SEALER; option++) {
		if (!take_domains(m, option))
			return false;
	}
	return take_switch(m, PST_RULE_INDIRECT, &m->rule->indirect) &&
	    take_switch(m, PST_RULE_SPF_WEAK, &m->rule->spf_weak) &&
	    take_aligned(m) && take_display_names(m) &&
	    take_results(m, PST_RULE_DMARC, dmarc_words, &m->rule->dmarc) &&
	    take_results(m, PST_RULE_SPF, spf_words, &m->rule->spf) &&
	    take_results(m, PST_RULE_SPF_HELO, spf_words, &m->rule->spf_helo);
}

static bool
take_text(const struct maker *m, enum pst_rule_option option, size_t max,
    const char **out)
{
	const char *text;

	if (!is_set(m, option))
		return true;
	text = m->rule->written[option].parts[0];
	if (!pst_str_is_printable(pst_str(text)) || strlen(text) > max)
		return fail_option(m, option,
		    pst_arena_printf(m->arena,
			"must be one line of 1 to %zu printable ASCII "
			"characters",
			max));
	*out = text;
	return true;
}

static bool
has_field(const struct pst_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->also_count; i++) {
		if (pst_str_ieq(pst_str(rule->also[i].name), pst_str(name)))
			return true;
	}
	return false;
}

/* After the action is known. */
static bool
take_also(const struct maker *m)
{
	struct pst_rule *rule = m->rule;
	const struct pst_titled_value *value = &rule->written[PST_RULE_ALSO];
	const char *why;

	if (value->count == 0)
		return true;
	if (rule->skip || rule->action == PST_ACTION_REJECT ||
	    rule->action == PST_ACTION_TEMPFAIL)
		return fail_option(m, PST_RULE_ALSO,
		    "only a message that is delivered and may be changed can "
		    "get fields: accept, tag or quarantine it, or remove also");
	if (value->count > PST_MARKS_ALSO)
		return fail_option(m, PST_RULE_ALSO,
		    pst_arena_printf(m->arena,
			"a rule can add %d fields at most; remove some",
			PST_MARKS_ALSO));
	rule->also =
	    pst_arena_array(m->arena, value->count, sizeof(*rule->also));
	for (size_t i = 0; i < value->count; i++) {
		struct pst_mark field;

		if (!pst_marks_check_field(value->parts[i], &why))
			return fail_option(m, PST_RULE_ALSO, why);
		field = pst_marks_field(m->arena, value->parts[i]);
		if (has_field(rule, field.name))
			return fail_option(m, PST_RULE_ALSO,
			    pst_arena_printf(m->arena,
				"it has two fields with the name %s; remove "
				"one of them",
				field.name));
		rule->also[rule->also_count++] = field;
	}
	return true;
}

static bool
take_orders(const struct maker *m)
{
	struct pst_rule *rule = m->rule;
	unsigned action = PST_ACTION_ACCEPT, reason = PST_REASON_LOCAL_POLICY;
	unsigned match_temperror = false;

	if (!is_set(m, PST_RULE_ACTION))
		return fail_option(m, PST_RULE_ACTION,
		    "there is no action; set action to accept, tag, "
		    "quarantine, reject, tempfail or skip");
	if (!take_one(m, PST_RULE_ACTION, action_words, &action) ||
	    !take_one(m, PST_RULE_REASON, reason_words, &reason) ||
	    !take_one(
		m, PST_RULE_TEMPERROR, temperror_words, &match_temperror) ||
	    !take_text(m, PST_RULE_COMMENT, MAX_COMMENT, &rule->comment) ||
	    !take_text(m, PST_RULE_REPLY, MAX_REPLY, &rule->reply))
		return false;
	rule->match_temperror = match_temperror != 0;
	rule->action = action;
	rule->reason = reason;
	rule->skip = strcmp(rule->written[PST_RULE_ACTION].parts[0], SKIP) == 0;
	if (rule->reply != NULL && rule->action != PST_ACTION_REJECT &&
	    rule->action != PST_ACTION_TEMPFAIL)
		return fail_option(m, PST_RULE_REPLY,
		    "only reject and tempfail can have a reply; remove it");
	return take_also(m);
}

static bool
has_conditions(const struct maker *m)
{
	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option <= PST_RULE_INDIRECT; option++) {
		if (is_set(m, option))
			return true;
	}
	return false;
}

/*
 * Anybody can write a List-Id or a display name, so it must not be enough to get
 * a message past the sender's policy: a rule that accepts also needs a condition
 * that cannot be forged.
 */
static bool
is_forgeable(const struct maker *m)
{
	static const enum pst_rule_option proofs[] = {PST_RULE_CLIENT,
	    PST_RULE_CLIENT_NAME, PST_RULE_DKIM_DOMAIN, PST_RULE_ARC_SEALER};

	if (m->rule->action != PST_ACTION_ACCEPT ||
	    (!is_set(m, PST_RULE_LIST_ID) && !m->rule->indirect &&
		!is_set(m, PST_RULE_DISPLAY_NAME)))
		return false;
	for (size_t i = 0; i < PST_COUNT(proofs); i++) {
		if (is_set(m, proofs[i]))
			return false;
	}
	return true;
}

/*
 * A sender can often make a look-up fail, so a failure must not let a message
 * in.
 */
static bool
is_temperror_sound(const struct maker *m)
{
	if (!m->rule->match_temperror)
		return true;
	if (m->rule->action == PST_ACTION_ACCEPT)
		return fail_option(m, PST_RULE_TEMPERROR,
		    "a sender can make a look-up fail, so match cannot be used "
		    "with the actions accept and skip; remove it, or choose "
		    "tag, quarantine, tempfail or reject");
	for (enum pst_rule_option option = PST_RULE_CLIENT;
	     option <= PST_RULE_INDIRECT; option++) {
		if (is_set(m, option) &&
		    pst_rule_may_be_undecided(m->rule, option))
			return true;
	}
	return fail_option(m, PST_RULE_TEMPERROR,
	    "no condition of this rule depends on a look-up, so match has no "
	    "effect; remove it");
}

static bool
is_title(const char *title)
{
	return pst_str_is_printable(pst_str(title)) &&
	    strlen(title) <= MAX_TITLE && strpbrk(title, "\"\\") == NULL;
}

bool
pst_rule_make(struct pst_rule *rule, struct pst_arena *arena, unsigned *line,
    struct pst_err *err)
{
	const struct maker m = {rule, arena, line, err};

	*line = rule->line;
	if (!is_title(rule->title))
		return pst_err_set(err,
		    "the title of a rule must be 1 to 60 printable ASCII "
		    "characters without quotes and backslashes");
	if (!has_conditions(&m))
		return fail_option(&m, PST_RULE_CLIENT,
		    "there is no condition, so it would match every message; "
		    "add one");
	if (!take_conditions(&m) || !take_orders(&m))
		return false;
	if (is_forgeable(&m))
		return fail_option(&m, PST_RULE_ACTION,
		    "anybody can forge list fields and display names; to accept "
		    "such mail, add a condition client, client-name, "
		    "dkim-domain or arc-sealer");
	return is_temperror_sound(&m);
}
