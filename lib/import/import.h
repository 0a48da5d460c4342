/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_IMPORT_H
#define PST_IMPORT_IMPORT_H

/*
 * What the configuration of another filter becomes in postern.conf. A reader
 * (import/opendkim) takes the files of one program and fills a pst_import; the
 * command `postern import` prints it. Nothing here prints or writes.
 *
 * The input is a file of the operator, perhaps a copy from another host and
 * perhaps a template. It is bounded, and what is taken from it into postern.conf
 * is in a form that cannot mean anything else there: domains in normal form,
 * parsed networks, paths without characters that a string gives a meaning.
 */

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

#define PST_IMPORT_MAX_BYTES (4u << 20) /* of one file */
#define PST_IMPORT_MAX_ROWS 10000       /* of one table */
#define PST_IMPORT_MAX_LINES 20000      /* remarks */

/* What became of an option, or of a line of a table. */
enum pst_import_kind {
	PST_IMPORT_TAKEN,    /* it is in the new configuration */
	PST_IMPORT_UNNEEDED, /* nothing has to take its place */
	PST_IMPORT_CHANGED,  /* Postern does something else, on purpose */
	PST_IMPORT_ANSWER,   /* somebody has to decide */
};
#define PST_IMPORT_KINDS (PST_IMPORT_ANSWER + 1)

struct pst_import_line {
	struct pst_import_line *next;
	enum pst_import_kind kind;
	const char *file;   /* escaped */
	unsigned line;      /* 0: the file as a whole */
	const char *option; /* as the program's manual spells it */
	const char *value;  /* escaped, cut, without secrets; "": none */
	const char *text;   /* for CHANGED: what it did; else all of it */
	const char *now;    /* for CHANGED: what Postern does; else "" */
};

/* A section `sign`. */
struct pst_import_pair {
	const char *selector; /* syntax of the normal form */
	const char *file;     /* absolute, safe in a string */
};

struct pst_import_section {
	const char *domain; /* normal form */
	bool own;           /* mail From the domain itself was signed */
	bool subdomains;
	bool suggested; /* was not signed until now: print it as a comment */
	struct pst_import_pair pairs[PST_SIGN_MAX];
	size_t pair_count;
};

/* How the files that a configuration names are found. */
struct pst_import_files {
	/*
	 * Returns the text in the arena. False with a sentence in err if the
	 * file cannot be read or is longer than PST_IMPORT_MAX_BYTES.
	 */
	bool (*read)(void *arg, struct pst_arena *arena, const char *path,
	    struct pst_str *text, struct pst_err *err);
	void *arg;
};

enum pst_import_on_error {
	PST_IMPORT_ON_ERROR_DEFAULT, /* tempfail */
	PST_IMPORT_ON_ERROR_ACCEPT,
};

struct pst_import {
	struct pst_arena *arena;
	struct pst_import_files files;

	/* The remarks, in the order of the input. */
	struct pst_import_line *lines, *last_line;
	size_t line_count;
	bool too_many_lines; /* more than PST_IMPORT_MAX_LINES: left out */

	struct pst_import_section *sections;
	size_t section_count, section_room;

	const char **networks; /* sign-networks; as text */
	size_t network_count;
	bool has_networks; /* they were given; else the default is the same */
	enum pst_import_on_error on_sign_error;
};

/* Makes *import empty. Everything in it will be in the arena. */
void pst_import_init(struct pst_import *import, struct pst_arena *arena,
    struct pst_import_files files);

/* A place in the input. The texts are as the file has them. */
struct pst_import_at {
	const char *file;
	unsigned line;
	const char *option;
	struct pst_str value;
};

/* Adds a remark. now may be NULL, unless kind is CHANGED. Texts are kept. */
void pst_import_add(struct pst_import *import, enum pst_import_kind kind,
    const struct pst_import_at *at, const char *text, const char *now);

/* Returns how many remarks of that kind there are. */
size_t
pst_import_count(const struct pst_import *import, enum pst_import_kind kind);

/* Returns the section of that domain, which is in normal form; adds it. */
struct pst_import_section *
pst_import_section(struct pst_import *import, const char *domain);

/*
 * Adds a key to a section, unless it has it. False if the section has
 * PST_SIGN_MAX others.
 */
bool pst_import_section_add(
    struct pst_import_section *section, struct pst_import_pair pair);

/* True if some section is to be in use. */
bool pst_import_signs(const struct pst_import *import);

/*
 * True if a text has marks of a template ({{ }}, {% %}, <% %>, ${NAME}, %%NAME%%,
 * __NAME__), so that it is not the value that the program will see.
 */
bool pst_import_is_template(struct pst_str text);

/* True if the path is absolute and may be in a string of postern.conf as it is. */
bool pst_import_is_path(struct pst_str text);

#endif
