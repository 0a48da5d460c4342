/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SPF_FILE_H
#define PST_CORE_SPF_FILE_H

/*
 * The lists of core/spf_lists on disk: "<store.path>-networks", so that a start
 * without the DNS has them, and `postern config show` can print them. It is
 * text:
 *
 *	postern-networks 1
 *	list <name> <found, seconds since 1970> <TTL> <what was left out>
 *	192.0.2.0/24			one line for each network
 *	end
 *
 * Each worker has the lists of all names, since no listener has names of its own.
 * So whoever writes replaces the whole file, in one step, and it does not matter
 * who was last. What is read is held to the same limits as what the DNS says: a
 * file gives nobody a network that a record could not.
 */

#include "base/err.h"
#include "base/macros.h"
#include "core/spf_lists.h"

#define PST_SPF_FILE_MAX_BYTES (64 * 1024 * 1024)
#define PST_SPF_FILE_PATH_SIZE 4112

/* Takes over the list with its reference. */
struct pst_spf_taker {
	void (*take)(void *arg, struct pst_spf_list *list);
	void *arg;
};

/* Writes the name of the file. */
void pst_spf_file_path(
    const struct pst_config *config, char path[PST_SPF_FILE_PATH_SIZE]);

/*
 * Reads the file and calls the taker for each list in it. That there is no file
 * is not a failure. False with a sentence in err if it cannot be read or is
 * damaged: no list of a damaged file is taken.
 */
bool pst_spf_file_read(const struct pst_config *config,
    struct pst_spf_taker taker, struct pst_err *err) PST_MUST_CHECK;

/* Replaces the file. */
bool pst_spf_file_write(const struct pst_config *config,
    struct pst_spf_lists *lists, struct pst_err *err) PST_MUST_CHECK;

/*
 * pst_spf_file_read() of a text; returns false if it is damaged. For that and
 * for fuzzing.
 */
bool pst_spf_file_parse(struct pst_str text, struct pst_spf_taker taker);

#endif
