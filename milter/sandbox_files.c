/* SPDX-License-Identifier: BSD-2-Clause */
/* For O_PATH. */
#define _GNU_SOURCE
#include "milter/sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_landlock_create_ruleset

/*
 * As in <linux/landlock.h>, which in an older system has only a part of this,
 * or does not exist. The kernel is told how much of the struct is used.
 */
struct ruleset {
	uint64_t files;
	uint64_t ports;  /* since ABI 4 */
	uint64_t scopes; /* since ABI 6 */
};

struct beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port {
	uint64_t allowed;
	uint64_t port;
};

#define ASK_VERSION 1U
#define RULE_BENEATH 1
#define RULE_PORT 2

#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)
#define REMOVE_FILE (UINT64_C(1) << 5)
#define MAKE_REG (UINT64_C(1) << 8)
#define TRUNCATE (UINT64_C(1) << 14)

#define BIND_TCP (UINT64_C(1) << 0)
#define CONNECT_TCP (UINT64_C(1) << 1)

#define ABSTRACT_SOCKETS (UINT64_C(1) << 0)
#define SIGNALS (UINT64_C(1) << 1)

/* What a rule for a single file may allow. */
#define OF_FILES (WRITE_FILE | READ_FILE | TRUNCATE)

/* All rights of files that the ABI knows: what no rule allows is denied. */
static uint64_t
known_rights(int abi)
{
	unsigned count = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	return (UINT64_C(1) << count) - 1;
}

int
pst_sandbox_files_abi(void)
{
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static bool
add_place(int ruleset, const struct pst_sandbox_place *place, int abi)
{
	struct beneath rule = {.allowed = READ_FILE | READ_DIR,
	    .fd = open(place->path, O_PATH | O_CLOEXEC)};
	struct stat st;
	bool ok;

	if (rule.fd == -1)
		return true;
	if (place->writable)
		rule.allowed |= WRITE_FILE | REMOVE_FILE | MAKE_REG | TRUNCATE;
	rule.allowed &= known_rights(abi);
	if (fstat(rule.fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	ok = syscall(SYS_landlock_add_rule, ruleset, RULE_BENEATH, &rule, 0U) ==
	    0;
	(void)close(rule.fd);
	return ok;
}

static bool
add_rules(const struct pst_sandbox_files *files, int ruleset, int abi)
{
	for (size_t i = 0; i < files->place_count; i++) {
		if (!add_place(ruleset, &files->places[i], abi))
			return false;
	}
	for (size_t i = 0; abi >= 4 && i < files->port_count; i++) {
		const struct port rule = {CONNECT_TCP, files->ports[i]};

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule,
			0U) != 0)
			return false;
	}
	return true;
}

bool
pst_sandbox_limit_files(
    const struct pst_sandbox_files *files, int abi, struct pst_err *err)
{
	const struct ruleset attributes = {
	    .files = known_rights(abi),
	    .ports = BIND_TCP | (files->ports == NULL ? 0 : CONNECT_TCP),
	    .scopes = ABSTRACT_SOCKETS | SIGNALS,
	};
	size_t size = sizeof(uint64_t) * (abi >= 6 ? 3 : abi >= 4 ? 2 : 1);
	int ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0U);
	bool ok = ruleset != -1 && add_rules(files, ruleset, abi) &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0;
	int why = errno;

	if (ruleset != -1)
		(void)close(ruleset);
	return ok ||
	    pst_err_set(err, "the kernel refuses the rules: %s", strerror(why));
}

#else

int
pst_sandbox_files_abi(void)
{
	return 0;
}

bool
pst_sandbox_limit_files(
    const struct pst_sandbox_files *files, int abi, struct pst_err *err)
{
	(void)files;
	(void)abi;
	return pst_err_set(err, "Postern was built without Landlock");
}

#endif
