/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/advice_sign.h"

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "config/advice.h"
#include "config/option.h"

/* The line that sets the option, at the top or for a listener; 0: none. */
static unsigned
line_of(const struct pst_config *config, size_t option)
{
	unsigned line = pst_config_line(config, option);

	for (size_t i = 0; line == 0 && i < pst_config_listeners(config); i++)
		line = pst_config_listener_line(config, i, option);
	return line;
}

/* Options that do nothing, because no listener signs. */
static void
check_unused(const struct pst_config *config, struct pst_problems *problems)
{
	static const char *const names[] = {"sign-networks", "login-domains",
	    "sign-strict", "on-sign-error", "sign-unpublished"};

	for (size_t i = 0; i < PST_COUNT(names); i++) {
		unsigned line =
		    line_of(config, pst_option_find(NULL, names[i]));

		if (line != 0)
			(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
			    pst_config_file(config), line,
			    "%s: it has no effect, as no listener signs; write "
			    "sign = yes in the section listener of your "
			    "submission service",
			    names[i]);
	}
	if (config->sign_domains.count > 0)
		(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
		    pst_config_file(config), config->sign_domains.items[0].line,
		    "sign \"%s\": no mail is signed, as no listener has sign = "
		    "yes, and one that checks mail never signs; write listener "
		    "\"unix:/the/socket\" { sign = yes } for your submission "
		    "service",
		    config->sign_domains.items[0].domain);
}

/* True if that domain, or one below it, is signed. */
static bool
is_signed(const struct pst_sign_domains *domains, const char *name)
{
	bool below = name[0] == '.';
	const struct pst_sign_domain *found;

	if (!below)
		return pst_sign_domains_find(domains, name) != NULL;
	found = pst_sign_domains_find(domains, name + 1);
	if (found != NULL && found->subdomains)
		return true;
	for (size_t i = 0; i < domains->count; i++) {
		if (!pst_domain_eq(domains->items[i].domain, name + 1) &&
		    pst_domain_is_below(domains->items[i].domain, name + 1))
			return true;
	}
	return false;
}

static void
check_logins(const struct pst_config *config, struct pst_problems *problems)
{
	const struct pst_logins *logins = &config->login_domains;
	size_t option = pst_option_find(NULL, "login-domains");

	for (size_t i = 0; i < logins->count; i++) {
		const struct pst_login *login = &logins->items[i];

		for (size_t k = 0; k < login->domain_count; k++) {
			if (is_signed(&config->sign_domains, login->domains[k]))
				continue;
			pst_config_warn(config, problems, option,
			    "login-domains: \"%s\" may use %s, for which there "
			    "is no section sign, so its mail from there is not "
			    "signed; add one, or remove the domain",
			    pst_escaped(problems->arena, pst_str(login->login)),
			    login->domains[k]);
			/* One of a long list is enough. */
			return;
		}
	}
}

/* A listener whose own section makes it strict, and does not make it sign. */
static void
check_strict(const struct pst_config *config, struct pst_problems *problems)
{
	size_t option = pst_option_find(NULL, "sign-strict");

	for (size_t i = 0; i < pst_config_listeners(config); i++) {
		const struct pst_config *own = pst_config_at(config, i);
		unsigned line = pst_config_listener_line(config, i, option);

		if (line != 0 && own->sign_strict && !own->sign)
			(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
			    pst_config_file(config), line,
			    "sign-strict: it has no effect, as this listener "
			    "does not sign; write sign = yes beside it");
	}
}

void
pst_advise_sign(const struct pst_config *config, struct pst_problems *problems)
{
	if (!pst_sign_is_used(config)) {
		check_unused(config, problems);
		return;
	}
	check_logins(config, problems);
	check_strict(config, problems);
}
