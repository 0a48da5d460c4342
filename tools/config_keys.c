/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/config_keys.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/sign.h"

/* posternd has no other groups (milter/process.c). */
static bool
may_read(const struct passwd *user, gid_t group, const struct stat *file)
{
	if (file->st_uid == user->pw_uid)
		return (file->st_mode & S_IRUSR) != 0;
	if (file->st_gid == group)
		return (file->st_mode & S_IRGRP) != 0;
	return (file->st_mode & S_IROTH) != 0;
}

/* Root can read every file, and the daemon reads them after it is not root. */
static void
check_owners(const struct pst_config *config, struct pst_problems *problems)
{
	const struct passwd *user =
	    config->user[0] == '\0' ? NULL : getpwnam(config->user);
	const struct group *group =
	    config->group[0] == '\0' ? NULL : getgrnam(config->group);
	struct stat st;

	if (user == NULL || user->pw_uid == 0 || geteuid() != 0)
		return;
	for (size_t i = 0; i < config->sign_domains.count; i++) {
		const struct pst_sign_domain *one =
		    &config->sign_domains.items[i];

		for (size_t k = 0; k < one->pair_count; k++) {
			const char *file = one->pairs[k].file;

			if (stat(file, &st) == -1 ||
			    may_read(user,
				group == NULL ? user->pw_gid : group->gr_gid,
				&st))
				continue;
			(void)pst_problems_add(problems, PST_PROBLEM_ERROR,
			    pst_config_file(config),
			    one->written[PST_SIGN_KEY].line,
			    "sign \"%s\": key: the user %s of posternd may not "
			    "read %s, so mail would not be signed; run "
			    "\"chown %s %s\"",
			    one->domain, config->user,
			    pst_escaped(problems->arena, pst_str(file)),
			    config->user,
			    pst_escaped(problems->arena, pst_str(file)));
		}
	}
}

void
pst_config_look_at_keys(
    struct pst_config *config, struct pst_problems *problems)
{
	size_t forbidden = 0;

	if (config->sign_domains.count == 0)
		return;
	pst_sign_domains_check_keys(config, problems, &forbidden);
	if (forbidden > 0)
		(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
		    pst_config_file(config), config->sign_domains.items[0].line,
		    "sign \"%s\": %zu key file%s could not be checked, as this "
		    "user may not read %s; run the test as root",
		    config->sign_domains.items[0].domain, forbidden,
		    forbidden == 1 ? "" : "s", forbidden == 1 ? "it" : "them");
	check_owners(config, problems);
}
