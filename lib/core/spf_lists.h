/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SPF_LISTS_H
#define PST_CORE_SPF_LISTS_H

/*
 * The networks that the entries "spf:" of the configuration mean just now: one
 * list for each name. core/spf_refresh finds them, core/spf_file keeps them on
 * disk, core/spf_keeper does both in a thread.
 *
 * A list stays in use for PST_SPF_LISTS_KEEP_MS after it was found last, while it
 * cannot be found again. Then it is dropped: the networks of a provider change,
 * and an address may have another owner by now. A name without a list is unknown
 * (PST_HELD_UNKNOWN), unless the DNS says that there are no networks.
 *
 * Thread-safe; each call takes a lock for as long as a binary search takes.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "config/config.h"
#include "core/client_nets.h"

#define PST_SPF_LISTS_KEEP_MS INT64_C(86400000)

/* A list; it does not change once others can see it. Reference-counted. */
struct pst_spf_list {
	atomic_uint refs;
	struct pst_arena *arena; /* holds all of it, and is freed with it */
	const char *name;
	struct pst_net_set nets;
	uint32_t *v4_starts; /* of the IPv4 networks, which come first in
	                        nets: so a search touches little memory */
	size_t v4_count;
	int64_t found_s;      /* when it was found, seconds since 1970 */
	unsigned ttl_s;       /* how long it need not be asked for again */
	const char *left_out; /* what was left out, in words; "": nothing */
};

/* Returns an empty list of that name with one reference. */
struct pst_spf_list *pst_spf_list_new(const char *name);
/* Sets the networks of a new list: copies of nets[0..count), in any order. */
void pst_spf_list_set_nets(
    struct pst_spf_list *list, const struct pst_net *nets, size_t count);
/* Add a reference (returns list) and give one back; NULL is allowed. */
struct pst_spf_list *pst_spf_list_ref(struct pst_spf_list *list);
void pst_spf_list_unref(struct pst_spf_list *list);

struct pst_spf_lists;

/* The clock must outlive it. */
struct pst_spf_lists *pst_spf_lists_new(const struct pst_clock *clock);
void pst_spf_lists_free(struct pst_spf_lists *lists);

/* Drops the lists of all other names; new names are due at once. */
void pst_spf_lists_set_names(
    struct pst_spf_lists *lists, const struct pst_texts *names);

/*
 * Returns what is known of the client, for all names of the configuration, in
 * the arena. The names belong to the configuration.
 */
struct pst_client_nets
pst_spf_lists_ask(struct pst_spf_lists *lists, struct pst_arena *arena,
    const struct pst_texts *names, const struct pst_ip *client);

/*
 * Puts in a list that was found earlier, as its found_s says (it may have been
 * read from a file). It is due when its TTL has passed. The list becomes theirs;
 * it is freed if nobody names it, it is too old, or there is one already.
 */
void pst_spf_lists_put(struct pst_spf_lists *lists, struct pst_spf_list *list);

/* ---- for core/spf_refresh and core/spf_file ---- */

/* What became of looking a name up. */
enum pst_spf_outcome {
	PST_SPF_FOUND,
	PST_SPF_NOTHING, /* the DNS says that there are no networks */
	PST_SPF_FAILED,  /* it does not answer */
};

/* What that means for the list of the name. */
enum pst_spf_change {
	PST_SPF_SAME,
	PST_SPF_FIRST,     /* there is a list now, and there was none before */
	PST_SPF_RECOVERED, /* it can be found again */
	PST_SPF_MOVED,     /* more than half of it is new or gone */
	PST_SPF_FAILING,   /* the old list stays in use */
	PST_SPF_MISSING,   /* there is no list; unknown */
	PST_SPF_EMPTY,     /* there is no list; nobody is in it */
	PST_SPF_DROPPED,   /* the old list was too old; as MISSING or EMPTY */
	PST_SPF_UNUSED,    /* nobody names it any more */
};

/*
 * Notes what became of looking a name up now. list is not NULL with
 * PST_SPF_FOUND only, and becomes theirs. ttl_s says when to ask again. Returns
 * each change but PST_SPF_SAME once: when it happens. Only one thread calls it.
 */
enum pst_spf_change
pst_spf_lists_note(struct pst_spf_lists *lists, const char *name,
    enum pst_spf_outcome outcome, struct pst_spf_list *list, unsigned ttl_s);

/*
 * Copies into the arena the names that are due, and returns how many there are
 * (at most PST_SPF_NAMES_MAX). *next_ms becomes the time when the next one of the
 * others is due; INT64_MAX if there is none.
 */
size_t pst_spf_lists_due(struct pst_spf_lists *lists, struct pst_arena *arena,
    const char **names, int64_t *next_ms);

/*
 * Stores all lists, each with a reference for the caller, and returns how many
 * there are: at most PST_SPF_NAMES_MAX.
 */
size_t
pst_spf_lists_get(struct pst_spf_lists *lists, struct pst_spf_list **out);

struct pst_spf_lists_figures {
	size_t names;
	size_t lists;
	size_t missing; /* names that are unknown */
	size_t failing; /* names whose last look-up failed */
};
void pst_spf_lists_read_figures(
    struct pst_spf_lists *lists, struct pst_spf_lists_figures *out);

#endif
