/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/site_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/secret.h"

#define HEX (2 * sizeof(((struct pst_site_key *)NULL)->octets))
#define WHAT "secret of enforce-percent"
#define MAX_PATH 4096

static bool
make_path(
    const struct pst_config *config, char path[MAX_PATH], struct pst_err *err)
{
	bool own = config->enforce_secret_file[0] != '\0';
	int len = snprintf(path, MAX_PATH, "%s%s",
	    own ? config->enforce_secret_file : config->store.path,
	    own ? "" : "-secret");

	return (len > 0 && len < MAX_PATH) ||
	    pst_err_set(err, "the path of the " WHAT " is too long");
}

static bool
parse(const char *text, struct pst_site_key *key)
{
	if (strspn(text, "0123456789abcdef") != HEX ||
	    strcmp(text + HEX, "\n") != 0)
		return false;
	for (size_t i = 0; i < sizeof(key->octets); i++)
		key->octets[i] =
		    (unsigned char)(pst_hex_value(text[2 * i]) * 16 +
			pst_hex_value(text[2 * i + 1]));
	return true;
}

static bool
read_path(const char *path, struct pst_site_key *key, struct pst_err *err)
{
	char text[HEX + 3];
	bool good;

	if (!pst_secret_read(path, WHAT, text, sizeof(text), err))
		return false;
	good = parse(text, key);
	explicit_bzero(text, sizeof(text));
	return good ||
	    pst_err_set(err,
		"%s does not hold 64 hexadecimal digits and a newline; remove "
		"it, and a new one is made at the next start",
		path);
}

void
pst_site_key_random(struct pst_site_key *key)
{
	if (getentropy(key->octets, sizeof(key->octets)) != 0)
		abort();
}

static bool
write_new(int fd)
{
	char text[PST_DIGEST_HEX_SIZE];
	struct pst_site_key key;
	bool ok;

	pst_site_key_random(&key);
	(void)pst_digest_hex(key.octets, text);
	text[HEX] = '\n';
	ok = write(fd, text, HEX + 1) == (ssize_t)HEX + 1 && fsync(fd) == 0;
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&key, sizeof(key));
	return ok;
}

/*
 * Makes the file under another name and links it, so that it is complete when
 * it can be seen, and the one of another process is never replaced.
 */
static bool
make_file(const char *path, struct pst_err *err)
{
	char other[MAX_PATH + 8];
	bool ok;
	int fd;

	(void)snprintf(other, sizeof(other), "%s.XXXXXX", path);
	fd = mkstemp(other); /* with mode 0600 */
	if (fd < 0)
		return pst_err_set(err, "cannot make the " WHAT " %s: %s", path,
		    strerror(errno));
	ok = write_new(fd) && (link(other, path) == 0 || errno == EEXIST);
	if (!ok)
		(void)pst_err_set(err, "cannot write the " WHAT " %s: %s", path,
		    strerror(errno));
	(void)close(fd);
	(void)unlink(other);
	return ok;
}

bool
pst_site_key_read(const struct pst_config *config, struct pst_site_key *key,
    struct pst_err *err)
{
	char path[MAX_PATH];

	return make_path(config, path, err) && read_path(path, key, err);
}

bool
pst_site_key_make(const struct pst_config *config, struct pst_site_key *key,
    struct pst_err *err)
{
	char path[MAX_PATH];

	if (!make_path(config, path, err))
		return false;
	if (access(path, F_OK) != 0 && errno == ENOENT && !make_file(path, err))
		return false;
	return read_path(path, key, err);
}
