/* SPDX-License-Identifier: BSD-2-Clause */

/* The names in a run: targets of terms, confirmed client names, exp=. */

#include "auth/spf_run.h"

#include "base/domain.h"

/* One reply line, with room for code and prefix (RFC 5321 s. 4.5.3.1.5). */
#define MAX_EXPLANATION 400

/* How a name of the client is related to a domain, best first. */
enum kinship { KIN_SAME, KIN_BELOW, KIN_OTHER };

enum pst_dns_type
pst_spf_run_address_type(const struct pst_spf_run *run)
{
	return run->input->client.family == PST_IP_V6 ? PST_DNS_AAAA :
							PST_DNS_A;
}

static enum pst_dns_class
class_of(const struct pst_spf_run *run)
{
	/* HELO beside MAIL FROM cannot align. */
	return run->world->spf_is_aside || run->input->of_helo ? PST_DNS_OTHER :
								 PST_DNS_SENDER;
}

const struct pst_dns_answer *
pst_spf_run_ask(
    struct pst_spf_run *run, struct pst_str name, enum pst_dns_type type)
{
	const struct pst_dns_entry *entry =
	    pst_world_ask(run->world, class_of(run), name, type);

	if (entry->answer == NULL)
		run->pending = true;
	return entry->answer;
}

void
pst_spf_run_ask_ahead(
    struct pst_spf_run *run, struct pst_str name, enum pst_dns_type type)
{
	(void)pst_world_ask(run->world, class_of(run), name, type);
}

static enum kinship
kinship(struct pst_str name, struct pst_str domain)
{
	if (pst_str_ieq(name, domain))
		return KIN_SAME;
	if (name.len > domain.len && pst_str_iends(name, domain) &&
	    name.ptr[name.len - domain.len - 1] == '.')
		return KIN_BELOW;
	return KIN_OTHER;
}

/* s. 5.5: returns true if name has the client's address. Errors mean "no". */
static bool
is_confirmed(struct pst_spf_run *run, struct pst_str name)
{
	const struct pst_dns_answer *answer =
	    pst_spf_run_ask(run, name, pst_spf_run_address_type(run));

	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		if (pst_ip_eq(&answer->records[i].ip, &run->input->client))
			return true;
	return false;
}

/* Returns the client's PTR answer; NULL if the run became pending. */
static const struct pst_dns_answer *
client_names(struct pst_spf_run *run, size_t *count)
{
	char reverse[PST_IP_REVERSE_SIZE];
	const struct pst_dns_answer *ptr;

	pst_ip_reverse_name(&run->input->client, reverse);
	ptr = pst_spf_run_ask(run, pst_str(reverse), PST_DNS_PTR);
	if (ptr == NULL)
		return NULL;
	*count = ptr->count < PST_SPF_MAX_PTR ? ptr->count : PST_SPF_MAX_PTR;
	for (size_t i = 0; run->world->eager && i < *count; i++)
		pst_spf_run_ask_ahead(
		    run, ptr->records[i].data, pst_spf_run_address_type(run));
	return ptr;
}

/*
 * Returns the client's confirmed name that is closest to domain, no less
 * closely related than worst; NULL if there is none or the run became pending.
 */
static const char *
find_confirmed(
    struct pst_spf_run *run, struct pst_str domain, enum kinship worst)
{
	size_t count = 0;
	const struct pst_dns_answer *ptr = client_names(run, &count);

	for (enum kinship kin = KIN_SAME; kin <= worst; kin++) {
		for (size_t i = 0; i < count; i++) {
			struct pst_str name = ptr->records[i].data;

			if (pst_str_find(name, '\0') < name.len ||
			    kinship(name, domain) != kin)
				continue;
			if (is_confirmed(run, name))
				return name.ptr;
			if (run->pending)
				return NULL;
		}
	}
	return NULL;
}

/* Sets the macros for a level. Returns false if the run became pending. */
static bool
macros_at(struct pst_spf_run *run, const struct pst_spf_level *level,
    bool with_p, struct pst_spf_macros *macros)
{
	*macros = run->macros;
	macros->domain = level->domain;
	macros->validated = NULL;
	if (with_p)
		macros->validated =
		    find_confirmed(run, pst_str(level->domain), KIN_OTHER);
	if (macros->validated == NULL)
		macros->validated = "unknown";
	return !run->pending;
}

bool
pst_spf_run_target(struct pst_spf_run *run, const struct pst_spf_level *level,
    struct pst_str spec, struct pst_str *name)
{
	struct pst_spf_macros macros;

	*name = pst_str(level->domain);
	if (spec.len == 0)
		return true;
	if (!macros_at(run, level, pst_spf_uses_p(spec), &macros))
		return false;
	*name = pst_spf_expand(run->world->arena, spec, &macros);
	if (!pst_str_is_ascii(*name) || pst_str_find(*name, '\0') < name->len)
		*name = PST_STR("");
	return true;
}

bool
pst_spf_run_ptr_matches(struct pst_spf_run *run, struct pst_str domain)
{
	return find_confirmed(run, domain, KIN_BELOW) != NULL;
}

bool
pst_spf_run_never_matches(
    const struct pst_spf_run *run, const struct pst_spf_term *term)
{
	return !pst_str_is_ascii(run->macros.local) &&
	    pst_spf_uses_local(term->domain);
}

/* Makes text from outside safe for an SMTP reply: short, printable ASCII. */
static const char *
printable(struct pst_arena *arena, struct pst_str text)
{
	char *safe;

	text = pst_str_first(text, MAX_EXPLANATION);
	safe = pst_arena_memdup(arena, text.ptr, text.len);
	for (size_t i = 0; i < text.len; i++)
		if (safe[i] < 0x20 || safe[i] > 0x7e)
			safe[i] = '?';
	return safe;
}

bool
pst_spf_run_explain(struct pst_spf_run *run, const char **explanation)
{
	const struct pst_spf_level *level = run->levels[0];
	struct pst_arena *arena = run->world->arena;
	const struct pst_dns_answer *txt;
	struct pst_spf_macros macros;
	struct pst_str name;
	struct pst_str text;

	*explanation = NULL;
	while (level->states[PST_SPF_REDIRECT_INDEX].child != NULL)
		level = level->states[PST_SPF_REDIRECT_INDEX].child;
	if (!level->record.has_exp)
		return true;

	if (!pst_spf_run_target(run, level, level->record.exp, &name))
		return false;
	if (name.len == 0)
		return true;
	txt = pst_spf_run_ask(run, name, PST_DNS_TXT);
	if (txt == NULL)
		return false;
	if (txt->status != PST_DNS_OK || txt->count != 1)
		return true;
	text = txt->records[0].data;
	if (!macros_at(run, level, pst_spf_uses_p(text), &macros))
		return false;
	if (pst_spf_expand_exp(arena, text, &macros, &text))
		*explanation = printable(arena, text);
	return true;
}
