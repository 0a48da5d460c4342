/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SIGN_H
#define PST_CONFIG_SIGN_H

/*
 * The sections `sign`: the domains whose mail we sign, and with which keys.
 *
 *	sign "example.com" {
 *		selector = {"s1", "e1"}
 *		key = {"/etc/postern/keys/s1.pem", "/etc/postern/keys/e1.pem"}
 *		subdomains = yes
 *	}
 *
 * One selector may be written without braces. All keys of a section sign, so that
 * rsa-2048 and ed25519 can be side by side, and so can an old and a new key.
 */

#include "auth/dkim_sign.h"
#include "base/err.h"
#include "base/macros.h"
#include "config/problems.h"
#include "config/sets.h"
#include "config/titled.h"

/* The options of a section. */
enum pst_sign_option {
	PST_SIGN_SELECTOR,
	PST_SIGN_KEY,
	PST_SIGN_SUBDOMAINS,
	PST_SIGN_OPTIONS
};

struct pst_sign_pair {
	const char *selector; /* normal form */
	const char *file;
	struct pst_sign_key *key; /* NULL until pst_sign_domains_read_keys() */
};

struct pst_sign_domain {
	const char *domain; /* normal form: d=, and the From domain */
	unsigned line;
	bool subdomains; /* From domains below it are signed with this d= too */
	struct pst_sign_pair pairs[PST_SIGN_MAX];
	size_t pair_count;
	struct pst_titled_value written[PST_SIGN_OPTIONS];
};

struct pst_sign_domains {
	struct pst_sign_domain *items; /* in the order of the file */
	size_t count;
	/* Private to sign.c and sign_reader.c: the same, sorted by name */
	const struct pst_sign_domain **sorted;
	size_t max_labels; /* of the deepest one with `subdomains = yes` */
};
#define PST_SIGN_MAX_DOMAINS 10000

/* Returns the section of that From domain: its own, else the closest above it
 * with `subdomains = yes`; NULL if there is none. Fast with thousands. */
const struct pst_sign_domain *pst_sign_domains_find(
    const struct pst_sign_domains *domains, const char *from_domain);

/* Who may send as whom: one entry of login-domains. */
struct pst_login {
	const char *login;          /* "alice", "*@example.org", "*" */
	const char *const *domains; /* "example.com", ".example.com" */
	size_t domain_count;
};
struct pst_logins {
	struct pst_texts written; /* must be the first member, see config.h */
	struct pst_login *items;  /* sorted by login; one for each */
	size_t count; /* 0: any login may send as any of our domains */
};

/* True if that login ("": none is known) may use that From domain. The entry of
 * the login itself counts, else "*@DOMAIN" of its own, else "*". Logins are
 * compared without case. */
bool pst_logins_allow(const struct pst_logins *logins, struct pst_str login,
    const char *from_domain);

struct pst_config;

/*
 * Reads the keys of all sections that are not there yet; keys are shared between
 * sections with the same file. A program that signs calls it after
 * pst_config_load() and before any message sees the configuration, which then owns
 * the keys. All sentences are "file:line: ...". False with the first one in err;
 * what could be read is kept.
 */
bool pst_sign_domains_read_keys(
    struct pst_config *config, struct pst_err *err) PST_MUST_CHECK;

/*
 * The same, but an error is added to problems for each file that is wrong. Files
 * that this user may not read are counted in *forbidden instead, if that is not
 * NULL.
 */
void pst_sign_domains_check_keys(struct pst_config *config,
    struct pst_problems *problems, size_t *forbidden);

/* Gives all keys back: a process that does not sign should not have any. */
void pst_sign_domains_forget_keys(struct pst_config *config);

/* True if a listener of the configuration signs. Works for a listener's copy, too. */
bool pst_sign_is_used(const struct pst_config *config);

#endif
