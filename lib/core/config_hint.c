/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config_hint.h"

#include <string.h>

#include "base/buf.h"
#include "core/key_hint.h"
#include "core/keys.h"
#include "core/rule_make.h"

static const char *
section_that_has(const char *name)
{
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		if (strcmp(pst_keys[i].name, name) == 0)
			return pst_keys[i].section == NULL ?
			    "the top level" :
			    pst_keys[i].section;
	}
	return NULL;
}

static const char *
nearest(const char *section, const char *name)
{
	if (strcmp(section, PST_SECTION_RULE) == 0)
		return pst_rule_key_nearest(name);
	if (strcmp(section, PST_SECTION_LISTENER) == 0)
		return pst_listener_key_nearest(name);
	return pst_key_nearest(pst_key_section(section), name);
}

const char *
pst_config_unknown_key(
    struct pst_arena *arena, const char *section, struct pst_str name)
{
	const char *text = pst_arena_memdup(arena, name.ptr, name.len);
	const char *near = nearest(section, text);
	const char *home = section_that_has(text);
	const char *hint = "see postern.conf(5) for the known ones";

	if (strcmp(section, PST_SECTION_LISTENER) == 0 &&
	    (home != NULL || pst_key_section(text) != NULL))
		return pst_arena_printf(
		    arena, "%s can not be set for one listener", text);
	if (home == NULL && pst_rule_key_find(text) != PST_RULE_KEYS)
		home = "a rule";
	if (home != NULL)
		hint = pst_arena_printf(arena, "it belongs into %s%s",
		    strchr(home, ' ') == NULL ? "section " : "", home);
	else if (near != NULL)
		hint = pst_arena_printf(arena, "did you mean \"%s\"?", near);
	return pst_arena_printf(
	    arena, "unknown key \"%s\"; %s", pst_escaped(arena, name), hint);
}
