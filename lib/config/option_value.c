/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option_value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "config/entry.h"
#include "config/list_file.h"
#include "config/mask.h"
#include "config/sign_reader.h"

#define MAX_VALUE_TEXT 65536

struct unit {
	const char *word;
	uint64_t factor;
};

static const struct unit time_units[] = {
    {"ms", 1},
    {"s", 1000},
    {"min", 60000},
    {"h", 3600000},
    {"d", 86400000},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"", 1},
    {"k", 1024},
    {"M", 1024 * 1024},
    {"G", 1024 * 1024 * 1024},
    {NULL, 0},
};

static void *
place(struct pst_config *config, const struct pst_option *option)
{
	return (char *)config + option->offset;
}

static const void *
stored(const struct pst_config *config, const struct pst_option *option)
{
	return (const char *)config + option->offset;
}

/* Parses digits followed by a unit; false if the value is above max. */
static bool
parse_united(
    const char *text, const struct unit *units, uint64_t max, uint64_t *out)
{
	struct pst_str s = pst_str(text);
	size_t digits = 0;
	uint64_t number;

	while (digits < s.len && pst_is_digit(s.ptr[digits]))
		digits++;
	if (!pst_str_to_u64(pst_str_first(s, digits), max, &number))
		return false;
	for (; units->word != NULL; units++) {
		if (!pst_str_eq(pst_str_from(s, digits), pst_str(units->word)))
			continue;
		if (number > max / units->factor)
			return false;
		*out = number * units->factor;
		return true;
	}
	return false;
}

/* Prints value in the largest unit that divides it without a remainder. */
static const char *
united_text(struct pst_arena *arena, const struct unit *units, uint64_t value)
{
	const struct unit *best = units;

	for (; units->word != NULL; units++) {
		if (value != 0 && value % units->factor == 0)
			best = units;
	}
	return pst_arena_printf(
	    arena, "%" PRIu64 "%s", value / best->factor, best->word);
}

static bool
set_number(struct pst_config *config, const struct pst_option *option,
    const char *text, struct pst_err *err)
{
	uint64_t n;

	if (!pst_str_to_u64(pst_str(text), option->max, &n) ||
	    n < option->min) {
		return pst_err_set(err,
		    "%s must be a number from %" PRIu64 " to %" PRIu64,
		    option->name, option->min, option->max);
	}
	*(unsigned *)place(config, option) = (unsigned)n;
	return true;
}

static bool
set_duration(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text, struct pst_err *err)
{
	uint64_t ms;

	if (!parse_united(text, time_units, option->max, &ms) ||
	    ms < option->min) {
		return pst_err_set(err,
		    "%s must be a time from %s to %s, such as 500ms, 5s or "
		    "2min",
		    option->name, united_text(arena, time_units, option->min),
		    united_text(arena, time_units, option->max));
	}
	if (option->type == PST_OPTION_SECONDS) {
		if (ms % 1000 != 0)
			return pst_err_set(
			    err, "%s must be in whole seconds", option->name);
		ms /= 1000;
	}
	*(unsigned *)place(config, option) = (unsigned)ms;
	return true;
}

static bool
set_size(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text, struct pst_err *err)
{
	uint64_t n;

	if (!parse_united(text, size_units, option->max, &n) ||
	    n < option->min) {
		return pst_err_set(err,
		    "%s must be a size from %s to %s, such as 4096, 64k or 8M",
		    option->name, united_text(arena, size_units, option->min),
		    united_text(arena, size_units, option->max));
	}
	*(size_t *)place(config, option) = (size_t)n;
	return true;
}

static bool
set_octal(struct pst_config *config, const struct pst_option *option,
    const char *text, struct pst_err *err)
{
	unsigned n = 0;
	const char *c;

	for (c = text; *c >= '0' && *c <= '7' && c - text < 5; c++)
		n = n * 8 + (unsigned)(*c - '0');
	if (*text == '\0' || *c != '\0' || n > option->max)
		return pst_err_set(
		    err, "%s must be an octal mask such as 0007", option->name);
	*(unsigned *)place(config, option) = n;
	return true;
}

static bool
set_prefix(struct pst_config *config, const struct pst_option *option,
    const char *text, struct pst_err *err)
{
	uint64_t bits;

	if (text[0] != '/' ||
	    !pst_str_to_u64(pst_str(text + 1), option->max, &bits) ||
	    bits < option->min)
		return pst_err_set(err,
		    "%s must be the length of a prefix from /%" PRIu64
		    " to /%" PRIu64,
		    option->name, option->min, option->max);
	*(unsigned *)place(config, option) = (unsigned)bits;
	return true;
}

static bool
set_switch(struct pst_config *config, const struct pst_option *option,
    const char *text, struct pst_err *err)
{
	static const char *const words[][2] = {
	    {"yes", "no"},
	    {"on", "off"},
	    {"true", "false"},
	};

	for (size_t i = 0; i < PST_COUNT(words); i++) {
		bool on = strcmp(text, words[i][0]) == 0;

		if (!on && strcmp(text, words[i][1]) != 0)
			continue;
		*(bool *)place(config, option) = on;
		return true;
	}
	return pst_err_set(err, "%s must be yes or no", option->name);
}

/* Every enum of the table is stored as an unsigned (config/option_table.c). */
static bool
set_word(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text, struct pst_err *err)
{
	const struct pst_choice *choice = pst_choice_find(option->words, text);

	if (choice == NULL)
		return pst_err_set(err, "%s must be one of: %s", option->name,
		    pst_choice_words(option->words, arena));
	*(unsigned *)place(config, option) = choice->value;
	return true;
}

static bool
set_text(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text, struct pst_err *err)
{
	const char *c;

	for (c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return pst_err_set(err,
			    "%s must be text without control characters",
			    option->name);
	}
	*(const char **)place(config, option) = pst_arena_strdup(arena, text);
	return true;
}

static bool
check_part(struct pst_arena *arena, const struct pst_option *option,
    const char *text, struct pst_err *err)
{
	struct pst_str entry = pst_str(text);
	const char *domain;
	struct pst_net net;
	struct pst_err why;
	bool below = option->type == PST_OPTION_DOMAIN_SET && entry.len > 1 &&
	    text[0] == '.';
	bool may_be_file = option->type == PST_OPTION_NETWORKS ||
	    option->type == PST_OPTION_DOMAIN_SET ||
	    option->type == PST_OPTION_LOGINS;

	/* A file is read with the whole list. */
	if (option->type == PST_OPTION_TEXTS || (may_be_file && text[0] == '@'))
		return true;
	if (option->type == PST_OPTION_LOGINS) {
		if (pst_logins_check(arena, entry, &why))
			return true;
	} else if (option->may_name_spf &&
	    pst_net_entry_is_spf(arena, entry, &domain)) {
		if (domain != NULL || pst_entry_no_spf(arena, entry, &why))
			return true;
	} else if (option->type == PST_OPTION_NETWORKS ?
		pst_net_parse(entry, &net) ||
		    pst_entry_no_net(arena, entry, &why) :
		pst_domain_normalize(arena, pst_str_from(entry, below)) !=
			NULL ||
		    pst_entry_no_domain(arena, entry, &why))
		return true;
	return pst_err_set(err, "%s: %s", option->name, why.text);
}

bool
pst_option_set(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text, struct pst_err *err)
{
	const char *why = NULL;

	if (option->valid != NULL && !option->valid(text, &why)) {
		if (!pst_option_is_list(option))
			return pst_err_set(err, "%s: %s", option->name, why);
		return pst_err_set(err, "%s: \"%s\": %s", option->name,
		    pst_list_shown(arena, pst_str(text)), why);
	}
	switch (option->type) {
	case PST_OPTION_TEXT:
		return set_text(config, arena, option, text, err);
	case PST_OPTION_NUMBER:
		return set_number(config, option, text, err);
	case PST_OPTION_DURATION:
	case PST_OPTION_SECONDS:
		return set_duration(config, arena, option, text, err);
	case PST_OPTION_SIZE:
		return set_size(config, arena, option, text, err);
	case PST_OPTION_OCTAL:
		return set_octal(config, option, text, err);
	case PST_OPTION_PREFIX:
		return set_prefix(config, option, text, err);
	case PST_OPTION_SWITCH:
		return set_switch(config, option, text, err);
	case PST_OPTION_WORD:
		return set_word(config, arena, option, text, err);
	case PST_OPTION_TEXTS:
	case PST_OPTION_DOMAINS:
	case PST_OPTION_NETWORKS:
	case PST_OPTION_DOMAIN_SET:
	case PST_OPTION_LOGINS:
		return check_part(arena, option, text, err);
	}
	assert(false);
	return false;
}

bool
pst_option_is_list(const struct pst_option *option)
{
	return option->type == PST_OPTION_TEXTS ||
	    option->type == PST_OPTION_DOMAINS ||
	    option->type == PST_OPTION_NETWORKS ||
	    option->type == PST_OPTION_DOMAIN_SET ||
	    option->type == PST_OPTION_LOGINS;
}

static const char *
net_text(struct pst_arena *arena, const char *part)
{
	char text[PST_IP_TEXT_SIZE];
	struct pst_net net;

	if (!pst_net_parse(pst_str(part), &net)) /* a file */
		return pst_arena_strdup(arena, part);
	(void)pst_ip_text(&net.base, text);
	if (net.prefix_bits == (net.base.family == PST_IP_V4 ? 32 : 128))
		return pst_arena_strdup(arena, text);
	return pst_arena_printf(arena, "%s/%u", text, net.prefix_bits);
}

static const char *
part_text(
    struct pst_arena *arena, const struct pst_option *option, const char *part)
{
	if (option->type == PST_OPTION_DOMAINS)
		return pst_domain_normalize(arena, pst_str(part));
	if (option->type == PST_OPTION_NETWORKS)
		return net_text(arena, part);
	return pst_arena_strdup(arena, part);
}

static void
set_texts(struct pst_texts *texts, struct pst_arena *arena,
    const struct pst_option *option, const char *const *parts, size_t count)
{
	texts->items = pst_arena_array(arena, count, sizeof(*texts->items));
	texts->count = count;
	for (size_t i = 0; i < count; i++)
		texts->items[i] = part_text(arena, option, parts[i]);
}

bool
pst_option_set_list(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *const *parts, size_t count,
    struct pst_err *err)
{
	void *at = place(config, option);

	/* The first member of all these structs is a pst_texts. */
	set_texts(at, arena, option, parts, count);
	if (option->type == PST_OPTION_NETWORKS)
		return (option->may_name_spf ?
			pst_net_set_make_spf :
			pst_net_set_make)(&((struct pst_networks *)at)->set,
		    arena, parts, count, err);
	if (option->type == PST_OPTION_DOMAIN_SET)
		return pst_domain_set_make(
		    &((struct pst_domains *)at)->set, arena, parts, count, err);
	if (option->type == PST_OPTION_LOGINS)
		return pst_logins_make(at, arena, parts, count, err);
	return true;
}

#define MAX_INITIAL_PARTS 8

void
pst_option_set_default(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option)
{
	const char *parts[MAX_INITIAL_PARTS];
	struct pst_str rest = pst_str(option->initial), part;
	struct pst_err err;
	size_t count = 0;
	bool more = rest.len > 0;

	if (!pst_option_is_list(option)) {
		bool ok = pst_option_set(
		    config, arena, option, option->initial, &err);

		assert(ok);
		(void)ok;
		return;
	}
	while (more && pst_str_split(&rest, ',', &part, &more)) {
		assert(count < MAX_INITIAL_PARTS);
		parts[count++] = pst_arena_memdup(arena, part.ptr, part.len);
	}
	if (!pst_option_set_list(config, arena, option, parts, count, &err))
		assert(false);
}

void
pst_option_add_quoted(struct pst_buf *buf, const char *text)
{
	pst_buf_add_char(buf, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			pst_buf_add_char(buf, '\\');
		pst_buf_add_char(buf, *text);
	}
	pst_buf_add_char(buf, '"');
}

static const char *
list_text(const struct pst_config *config, const struct pst_option *option,
    struct pst_arena *arena)
{
	struct pst_buf buf;
	const struct pst_texts *texts = stored(config, option);

	pst_buf_init(&buf, arena, MAX_VALUE_TEXT);
	pst_buf_add_char(&buf, '{');
	for (size_t i = 0; i < texts->count; i++) {
		pst_buf_add_text(&buf, i == 0 ? "" : ", ");
		pst_option_add_quoted(&buf, texts->items[i]);
	}
	pst_buf_add_char(&buf, '}');
	return pst_buf_overflowed(&buf) ? "{...}" : pst_buf_str(&buf);
}

const char *
pst_option_text(const struct pst_config *config,
    const struct pst_option *option, struct pst_arena *arena)
{
	const void *at = stored(config, option);
	const struct pst_choice *choice;
	struct pst_buf buf;

	switch (option->type) {
	case PST_OPTION_TEXT:
		pst_buf_init(&buf, arena, MAX_VALUE_TEXT);
		pst_option_add_quoted(&buf, *(const char *const *)at);
		return pst_buf_str(&buf);
	case PST_OPTION_NUMBER:
		return pst_arena_printf(arena, "%u", *(const unsigned *)at);
	case PST_OPTION_DURATION:
		return united_text(arena, time_units, *(const unsigned *)at);
	case PST_OPTION_SECONDS:
		return united_text(arena, time_units,
		    (uint64_t) * (const unsigned *)at * 1000);
	case PST_OPTION_SIZE:
		return united_text(arena, size_units, *(const size_t *)at);
	case PST_OPTION_OCTAL:
		return pst_arena_printf(arena, "%04o", *(const unsigned *)at);
	case PST_OPTION_PREFIX:
		return pst_arena_printf(arena, "/%u", *(const unsigned *)at);
	case PST_OPTION_SWITCH:
		return *(const bool *)at ? "yes" : "no";
	case PST_OPTION_WORD:
		choice = pst_choice_of(option->words, *(const unsigned *)at);
		assert(choice != NULL);
		return choice->word;
	case PST_OPTION_TEXTS:
	case PST_OPTION_DOMAINS:
	case PST_OPTION_NETWORKS:
	case PST_OPTION_DOMAIN_SET:
	case PST_OPTION_LOGINS:
		return list_text(config, option, arena);
	}
	assert(false);
	return "";
}

const char *
pst_option_shown(const struct pst_config *config,
    const struct pst_option *option, struct pst_arena *arena)
{
	struct pst_buf buf;

	if (!option->may_hold_password)
		return pst_option_text(config, option, arena);
	pst_buf_init(&buf, arena, MAX_VALUE_TEXT);
	pst_option_add_quoted(&buf,
	    pst_mask_passwords(
		arena, *(const char *const *)stored(config, option)));
	return pst_buf_str(&buf);
}
