/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/titled.h"

#include <string.h>

#include "base/buf.h"
#include "config/option_value.h"
#include "config/rule_reader.h"
#include "config/sign_reader.h"

#define MAX_VALUE_TEXT 65536

const struct pst_titled_kind pst_titled_kinds[PST_TITLED_KINDS] = {
    [PST_TITLED_RULE] = {"rule", "rule", pst_rule_options, PST_RULE_OPTIONS,
	"rule", "what it is for",
	"there is already a rule with this title; give each one its own title"},
    [PST_TITLED_SIGN] = {"sign", "SIGN", pst_sign_options, PST_SIGN_OPTIONS,
	"section sign", "example.com",
	"there is already a section sign for this domain; put all its keys "
	"into one"},
};

const struct pst_titled_kind *
pst_titled_find(const char *section)
{
	for (size_t i = 0; i < PST_TITLED_KINDS; i++) {
		if (strcmp(pst_titled_kinds[i].section, section) == 0)
			return &pst_titled_kinds[i];
	}
	return NULL;
}

const struct pst_titled_kind *
pst_titled_find_parsed(const char *parsed)
{
	for (size_t i = 0; i < PST_TITLED_KINDS; i++) {
		if (strcmp(pst_titled_kinds[i].parsed, parsed) == 0)
			return &pst_titled_kinds[i];
	}
	return NULL;
}

size_t
pst_titled_option_find(const struct pst_titled_kind *kind, const char *name)
{
	size_t i;

	for (i = 0; i < kind->count; i++) {
		if (strcmp(kind->options[i].name, name) == 0)
			break;
	}
	return i;
}

const struct pst_titled_kind *
pst_titled_with_option(const char *name)
{
	for (size_t i = 0; i < PST_TITLED_KINDS; i++) {
		const struct pst_titled_kind *kind = &pst_titled_kinds[i];

		if (pst_titled_option_find(kind, name) < kind->count)
			return kind;
	}
	return NULL;
}

const char *
pst_titled_value_text(const struct pst_titled_option *option,
    const struct pst_titled_value *value, struct pst_arena *arena)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_VALUE_TEXT);
	pst_buf_add_text(&buf, option->list ? "{" : "");
	for (size_t i = 0; i < value->count; i++) {
		pst_buf_add_text(&buf, i == 0 ? "" : ", ");
		pst_option_add_quoted(&buf, value->parts[i]);
	}
	pst_buf_add_text(&buf, option->list ? "}" : "");
	return pst_buf_overflowed(&buf) ? "{...}" : pst_buf_str(&buf);
}
