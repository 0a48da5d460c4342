/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/overlay.h"

#include <stdlib.h>

struct overlay {
	struct pst_resolver resolver; /* first: callers hold a pointer to it */
	struct pst_resolver *below;
	struct pst_resolver *zone;
	const char *const *names;
};

static struct overlay *
overlay_of(struct pst_resolver *resolver)
{
	return (struct overlay *)(void *)resolver;
}

static bool
is_at_or_below(struct pst_str name, struct pst_str domain)
{
	if (!pst_str_iends(name, domain))
		return false;
	return name.len == domain.len ||
	    name.ptr[name.len - domain.len - 1] == '.';
}

/* Returns the resolver that answers this name. */
static struct pst_resolver *
pick(struct pst_resolver *resolver, struct pst_str name)
{
	const struct overlay *overlay = overlay_of(resolver);

	for (size_t i = 0; overlay->names[i] != NULL; i++) {
		if (is_at_or_below(name, pst_str(overlay->names[i])))
			return overlay->zone;
	}
	return overlay->below;
}

static const struct pst_dns_answer *
overlay_peek(struct pst_resolver *resolver, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes)
{
	struct pst_resolver *picked = pick(resolver, name);

	return picked->peek == NULL ?
	    NULL :
	    picked->peek(picked, name, type, max_txt_bytes);
}

static void
overlay_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct pst_resolver *picked = pick(resolver, pst_dns_job_name(job));

	picked->ask(picked, job);
}

static bool
overlay_give_up(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct pst_resolver *picked = pick(resolver, pst_dns_job_name(job));

	return picked->give_up != NULL && picked->give_up(picked, job);
}

static void
overlay_reclass(struct pst_resolver *resolver, struct pst_dns_job *job,
    enum pst_dns_class class)
{
	struct pst_resolver *picked = pick(resolver, pst_dns_job_name(job));

	if (picked->reclass != NULL)
		picked->reclass(picked, job, class);
}

static void
overlay_free(struct pst_resolver *resolver)
{
	pst_resolver_free(overlay_of(resolver)->zone);
	free(resolver);
}

struct pst_resolver *
pst_overlay_new(struct pst_resolver *below, struct pst_resolver *zone,
    const char *const *names)
{
	struct overlay *overlay = calloc(1, sizeof(*overlay));

	if (overlay == NULL)
		abort();
	overlay->resolver = (struct pst_resolver){.peek = overlay_peek,
	    .ask = overlay_ask,
	    .give_up = overlay_give_up,
	    .reclass = overlay_reclass,
	    .free = overlay_free};
	overlay->resolver.trusts_ad = below->trusts_ad;
	overlay->below = below;
	overlay->zone = zone;
	overlay->names = names;
	return &overlay->resolver;
}
