/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/selfcheck.h"

#include <stdlib.h>

#include "auth/dkim_sign.h"
#include "auth/orgdomain.h"
#include "base/domain.h"

struct self {
	struct pst_world *world;
	const struct pst_config *config;
	const char *from;     /* domain of the From field */
	const char *envelope; /* domain of the envelope sender */
	const char *signer;   /* domain of the signature */
	struct pst_selfcheck *out;
};

static const char *
domain_of(struct pst_arena *arena, const char *address)
{
	struct pst_str text = pst_str(address);
	size_t at = pst_str_rfind(text, '@');
	struct pst_str domain =
	    at < text.len ? pst_str_from(text, at + 1) : text;
	char *copy = pst_arena_memdup(arena, domain.ptr, domain.len);

	for (char *c = copy; *c != '\0'; c++)
		*c = pst_lower(*c);
	return copy;
}

static void
warn(struct self *self, const char *sentence)
{
	if (self->out->count < PST_SELFCHECK_MAX)
		self->out->warnings[self->out->count++] = sentence;
}

/* ---- DMARC: a record, and identifiers that align ---- */

/*
 * Returns false while an answer is missing. If an Organizational Domain is
 * unknown, *aligned is true.
 */
static bool
is_aligned(struct self *self, const struct pst_walk *walk, const char *domain,
    bool *aligned)
{
	struct pst_walk other;

	*aligned = pst_domain_eq(domain, self->from);
	if (*aligned)
		return true;
	if (!pst_walk_check(self->world, domain, &other))
		return false;
	*aligned = walk->org_domain == NULL || other.org_domain == NULL ||
	    pst_domain_eq(walk->org_domain, other.org_domain);
	return true;
}

static bool
check_dmarc(struct self *self)
{
	bool spf_aligned, dkim_aligned;
	bool signs = self->config->reports.dkim_key[0] != '\0';
	struct pst_walk walk;

	if (!pst_walk_check(self->world, self->from, &walk) ||
	    !is_aligned(self, &walk, self->envelope, &spf_aligned) ||
	    !is_aligned(self, &walk, self->signer, &dkim_aligned))
		return false;
	if (walk.hit_count == 0 && !walk.temperror)
		warn(self,
		    pst_arena_printf(self->world->arena,
			"%s has no DMARC record: receivers may not trust "
			"reports from it; publish one at _dmarc.%s",
			self->from, self->from));
	if (signs && !dkim_aligned)
		warn(self,
		    pst_arena_printf(self->world->arena,
			"reports.dkim-domain %s does not align with %s: the "
			"signature cannot make reports pass DMARC",
			self->signer, self->from));
	else if (!signs && !spf_aligned)
		warn(self,
		    pst_arena_printf(self->world->arena,
			"the envelope domain %s does not align with %s: "
			"unless the relay signs, reports do not pass DMARC",
			self->envelope, self->from));
	return true;
}

/* ---- SPF ---- */

static bool
check_spf(struct self *self)
{
	const struct pst_dns_answer *answer = pst_world_ask(
	    self->world, PST_DNS_OTHER, pst_str(self->envelope), PST_DNS_TXT)
						  ->answer;

	if (self->config->reports.dkim_key[0] != '\0')
		return true;
	if (answer == NULL)
		return false;
	if (pst_dns_is_temporary(answer->status))
		return true;
	for (size_t i = 0; i < answer->count; i++)
		if (pst_str_istarts(answer->records[i].data, PST_STR("v=spf1")))
			return true;
	warn(self,
	    pst_arena_printf(self->world->arena,
		"%s has no SPF record and reports.dkim-key is not set: unless "
		"the relay signs, reports do not pass DMARC",
		self->envelope));
	return true;
}

/* ---- DKIM: a message of ours, verified as others would ---- */

static void
release(void *key)
{
	pst_sign_key_unref(key);
}

#define TRIAL_BODY "trial\r\n"

/* Returns the header of the trial message as a receiver sees it. */
static const struct pst_header *
trial_header(struct self *self, struct pst_sign_key *key)
{
	struct pst_arena *arena = self->world->arena;
	struct pst_header *header = pst_arena_alloc(arena, sizeof(*header));
	const char *from = self->config->reports.from;
	const struct pst_signature_by by = {
	    key, self->signer, self->config->reports.dkim_selector};
	struct pst_signing *signing;
	const char *const *values;
	struct pst_err err;

	pst_header_init(header, arena, self->config->header_limits);
	(void)pst_header_add(header, PST_STR("From"),
	    pst_str(pst_arena_printf(arena, " <%s>", from)));
	signing = pst_sign_begin(arena, header, &by, 1, self->world->now_epoch);
	pst_sign_body(signing, TRIAL_BODY, sizeof(TRIAL_BODY) - 1);
	values = pst_sign_end(signing, &err);
	if (values != NULL)
		(void)pst_header_add(
		    header, PST_STR("DKIM-Signature"), pst_str(values[0]));
	return header;
}

static bool
check_dkim(struct self *self)
{
	const struct pst_config *config = self->config;
	struct pst_sign_key *key;
	struct pst_dkim_msg *msg;
	struct pst_dkim dkim;
	struct pst_err err;

	if (config->reports.dkim_key[0] == '\0')
		return true;
	key = pst_sign_key_read(config->reports.dkim_key, &err);
	if (key == NULL) {
		warn(self, pst_arena_strdup(self->world->arena, err.text));
		return true;
	}
	pst_arena_defer(self->world->arena, release, key);
	msg = pst_dkim_begin(self->world, config->dkim_lib, &config->dkim,
	    trial_header(self, key), self->from, NULL, NULL);
	(void)pst_dkim_body(msg, TRIAL_BODY, sizeof(TRIAL_BODY) - 1);
	if (!pst_dkim_check(self->world, msg, &dkim))
		return false;
	if (dkim.result != PST_RESULT_PASS &&
	    dkim.result != PST_RESULT_TEMPERROR)
		warn(self,
		    pst_arena_printf(self->world->arena,
			"a signature by reports.dkim-key does not verify with "
			"the record at %s._domainkey.%s: %s",
			config->reports.dkim_selector, self->signer,
			dkim.count > 0 && dkim.sigs[0].reason != NULL ?
			    dkim.sigs[0].reason :
			    "no usable signature"));
	return true;
}

bool
pst_selfcheck(struct pst_world *world, const struct pst_config *config,
    struct pst_selfcheck *out)
{
	struct pst_selfcheck found = {.count = 0};
	struct self self = {.world = world, .config = config, .out = &found};
	bool done;

	self.from = domain_of(world->arena, config->reports.from);
	self.envelope = config->reports.bounces[0] == '\0' ?
	    self.from :
	    domain_of(world->arena, config->reports.bounces);
	self.signer = config->reports.dkim_domain[0] == '\0' ?
	    self.from :
	    domain_of(world->arena, config->reports.dkim_domain);
	done = check_dmarc(&self);
	done = check_spf(&self) && done;
	done = check_dkim(&self) && done;
	if (done)
		*out = found;
	return done;
}
