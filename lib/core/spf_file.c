/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/spf_networks.h"
#include "base/buf.h"
#include "base/domain.h"
#include "config/spf_names.h"

#define HEAD "postern-networks 1"
#define LIST "list "
#define END "end"
#define WHAT "file of SPF networks"
#define MAX_LEFT_OUT 600
#define MAX_TIME INT64_C(99999999999)

/* Lines that are not networks: one that is longer is damage. */
#define MAX_LINE (PST_DOMAIN_MAX + MAX_LEFT_OUT + 64)

void
pst_spf_file_path(
    const struct pst_config *config, char path[PST_SPF_FILE_PATH_SIZE])
{
	(void)snprintf(
	    path, PST_SPF_FILE_PATH_SIZE, "%s-networks", config->store.path);
}

/* ---- reading ---- */

struct parsing {
	struct pst_str rest;
	bool more;
	struct pst_spf_list *lists[PST_SPF_NAMES_MAX];
	size_t count;
};

/* The lines are ended, not separated: what follows the last end is nothing. */
static bool
next_line(struct parsing *parsing, struct pst_str *line)
{
	return pst_str_split(&parsing->rest, '\n', line, &parsing->more) &&
	    parsing->more && line->len <= MAX_LINE;
}

static bool
take_word(struct pst_str *line, struct pst_str *word)
{
	bool more = true;

	return pst_str_split(line, ' ', word, &more) && more && word->len > 0;
}

static bool
take_number(struct pst_str *line, uint64_t max, uint64_t *number)
{
	struct pst_str word;

	return take_word(line, &word) && pst_str_to_u64(word, max, number);
}

/* "list NAME FOUND TTL LEFT-OUT", after the first word; NULL if it is not. */
static struct pst_spf_list *
parse_list(struct pst_str line)
{
	struct pst_arena *arena = pst_arena_new();
	uint64_t found_s, ttl_s;
	struct pst_str word;
	struct pst_spf_list *list = NULL;
	const char *name = NULL;

	if (take_word(&line, &word))
		name = pst_domain_normalize(arena, word);
	if (name != NULL && pst_str_eq(pst_str(name), word) &&
	    take_number(&line, MAX_TIME, &found_s) &&
	    take_number(&line, UINT32_MAX, &ttl_s) &&
	    line.len <= MAX_LEFT_OUT &&
	    (line.len == 0 || pst_str_is_printable(line))) {
		list = pst_spf_list_new(name);
		list->found_s = (int64_t)found_s;
		list->ttl_s = (unsigned)ttl_s;
		list->left_out =
		    pst_arena_memdup(list->arena, line.ptr, line.len);
	}
	pst_arena_free(arena);
	return list;
}

/* Reads the networks up to "end". */
static bool
parse_nets(struct parsing *parsing, struct pst_spf_list *list)
{
	struct pst_net *nets = malloc(PST_SPF_NETWORKS_MAX * sizeof(*nets));
	struct pst_str line;
	size_t count = 0;
	bool good;

	if (nets == NULL)
		abort();
	while ((good = next_line(parsing, &line)) &&
	    !pst_str_eq(line, PST_STR(END))) {
		if (count == PST_SPF_NETWORKS_MAX ||
		    !pst_net_parse(line, &nets[count]) ||
		    pst_spf_networks_is_wide(&nets[count])) {
			good = false;
			break;
		}
		count++;
	}
	if (good)
		pst_spf_list_set_nets(list, nets, count);
	free(nets);
	return good && count > 0;
}

static bool
parse_all(struct parsing *parsing)
{
	const struct pst_str lead = PST_STR(LIST);
	struct pst_spf_list *list;
	struct pst_str line;

	if (!next_line(parsing, &line) || !pst_str_eq(line, PST_STR(HEAD)))
		return false;
	while (parsing->rest.len > 0) {
		if (parsing->count == PST_SPF_NAMES_MAX ||
		    !next_line(parsing, &line) || !pst_str_starts(line, lead))
			return false;
		list = parse_list(pst_str_from(line, lead.len));
		if (list == NULL)
			return false;
		parsing->lists[parsing->count++] = list;
		if (!parse_nets(parsing, list))
			return false;
	}
	return true;
}

bool
pst_spf_file_parse(struct pst_str text, struct pst_spf_taker taker)
{
	struct parsing parsing = {.rest = text, .more = true};
	bool good = parse_all(&parsing);

	for (size_t i = 0; i < parsing.count; i++) {
		if (good)
			taker.take(taker.arg, parsing.lists[i]);
		else
			pst_spf_list_unref(parsing.lists[i]);
	}
	return good;
}

static bool
read_octets(int fd, struct pst_str *text, char **octets)
{
	struct stat st;
	ssize_t got = 1;

	*octets = NULL;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size > PST_SPF_FILE_MAX_BYTES) {
		errno = EFBIG;
		return false;
	}
	*octets = malloc((size_t)st.st_size + 1);
	if (*octets == NULL)
		abort();
	text->ptr = *octets;
	text->len = 0;
	while (got > 0 && text->len < (size_t)st.st_size) {
		got = read(
		    fd, *octets + text->len, (size_t)st.st_size - text->len);
		if (got > 0)
			text->len += (size_t)got;
	}
	return got >= 0;
}

bool
pst_spf_file_read(const struct pst_config *config, struct pst_spf_taker taker,
    struct pst_err *err)
{
	char path[PST_SPF_FILE_PATH_SIZE];
	struct pst_str text;
	char *octets;
	bool good;
	int fd;

	pst_spf_file_path(config, path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 && errno == ENOENT)
		return true;
	if (fd == -1)
		return pst_err_set(err, "cannot open the " WHAT " %s: %s", path,
		    strerror(errno));
	good = read_octets(fd, &text, &octets);
	if (!good)
		(void)pst_err_set(err, "cannot read the " WHAT " %s: %s", path,
		    strerror(errno));
	else if (!pst_spf_file_parse(text, taker))
		good = pst_err_set(err,
		    "the " WHAT " %s is damaged; it is made anew when the "
		    "networks are found again",
		    path);
	free(octets);
	(void)close(fd);
	return good;
}

/* ---- writing ---- */

static void
print_net(FILE *file, const struct pst_net *net)
{
	char text[PST_IP_TEXT_SIZE];

	(void)fprintf(
	    file, "%s/%u\n", pst_ip_text(&net->base, text), net->prefix_bits);
}

static bool
print_lists(FILE *file, struct pst_spf_lists *lists)
{
	struct pst_spf_list *items[PST_SPF_NAMES_MAX];
	size_t count = pst_spf_lists_get(lists, items);

	(void)fputs(HEAD "\n", file);
	for (size_t i = 0; i < count; i++) {
		const struct pst_spf_list *list = items[i];

		(void)fprintf(file, LIST "%s %" PRId64 " %u %s\n", list->name,
		    list->found_s, list->ttl_s, list->left_out);
		for (size_t n = 0; n < list->nets.count; n++)
			print_net(file, &list->nets.nets[n]);
		(void)fputs(END "\n", file);
		pst_spf_list_unref(items[i]);
	}
	return fflush(file) == 0 && ferror(file) == 0 &&
	    fsync(fileno(file)) == 0;
}

/* Makes it under another name, so that nobody ever sees a part of it. */
bool
pst_spf_file_write(const struct pst_config *config, struct pst_spf_lists *lists,
    struct pst_err *err)
{
	char path[PST_SPF_FILE_PATH_SIZE], other[PST_SPF_FILE_PATH_SIZE + 8];
	FILE *file = NULL;
	bool good;
	int fd;

	pst_spf_file_path(config, path);
	(void)snprintf(other, sizeof(other), "%s.XXXXXX", path);
	fd = mkstemp(other); /* with mode 0600 */
	if (fd != -1)
		file = fdopen(fd, "w");
	good = file != NULL && print_lists(file, lists);
	if (file != NULL)
		good = fclose(file) == 0 && good;
	else if (fd != -1)
		(void)close(fd);
	good = good && rename(other, path) == 0;
	if (good)
		return true;
	(void)pst_err_set(
	    err, "cannot write the " WHAT " %s: %s", path, strerror(errno));
	if (fd != -1)
		(void)unlink(other);
	return false;
}
