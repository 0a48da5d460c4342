/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/service.h"

#include <stdlib.h>

#include "auth/spf.h"
#include "base/thread.h"
#include "core/canary.h"
#include "core/counters.h"
#include "core/temperror.h"
#include "dns/resolver.h"
#include "dns/zone.h"

struct pst_service {
	pthread_mutex_t lock; /* protects config and health */
	struct pst_config *config;
	struct pst_dns_health health;
	struct pst_resolver *resolver;
	struct pst_resolver *test_resolver; /* it borrows the other one */
	bool asks_servers; /* the resolver is that of dns/resolver */
	struct pst_memory *memory;
	struct pst_site_key key;
	bool has_key;
	struct pst_clock *clock;
	struct pst_deferrals *deferrals;
	struct pst_splits *splits;
	struct pst_spf_lists *spf_lists;
	struct pst_waiting_room *waiting_room;
};

static struct pst_resolver *
start_resolver(const struct pst_config *config, struct pst_err *err)
{
	struct pst_resolver_config dns = {
	    .servers = config->dns.servers.items,
	    .server_count = config->dns.servers.count,
	    .cache_bytes = config->dns.cache_bytes,
	    .max_open = config->dns.max_open,
	    .trust_ad = config->dns.trust_ad == PST_TRUST_AD_YES,
	    .trust_local_ad = config->dns.trust_ad == PST_TRUST_AD_AUTO,
	    .note = pst_counters_resolver,
	};

	if (config->dns.zone[0] != '\0')
		return pst_zone_load(config->dns.zone, err);
	return pst_resolver_start(&dns, err);
}

struct pst_service *
pst_service_start_with(struct pst_config *config, struct pst_resolver *resolver,
    struct pst_clock *clock)
{
	struct pst_service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		abort();
	pst_mutex_init(&service->lock);
	pst_spf_init();
	service->config = config;
	service->resolver = resolver;
	service->test_resolver = pst_canary_resolver(resolver);
	service->memory =
	    pst_memory_new(PST_MEMORY_MAX_DOMAINS, pst_clock_epoch(clock));
	service->clock = clock;
	service->deferrals = pst_deferrals_new(PST_DEFERRALS_MAX);
	service->splits = pst_splits_new(PST_SPLITS_MAX);
	service->spf_lists = pst_spf_lists_new(clock);
	pst_spf_lists_set_names(service->spf_lists, &config->spf_names);
	service->waiting_room = pst_waiting_room_new(config->dns.max_waiting);
	return service;
}

struct pst_service *
pst_service_start(
    struct pst_config *config, struct pst_clock *clock, struct pst_err *err)
{
	struct pst_resolver *resolver = start_resolver(config, err);
	bool asks_servers = config->dns.zone[0] == '\0';
	struct pst_service *service;

	if (resolver == NULL) {
		pst_config_unref(config);
		return NULL;
	}
	service = pst_service_start_with(config, resolver, clock);
	service->asks_servers = asks_servers;
	return service;
}

void
pst_service_stop(struct pst_service *service)
{
	pst_resolver_free(service->test_resolver);
	pst_resolver_free(service->resolver);
	pst_memory_free(service->memory);
	pst_deferrals_free(service->deferrals);
	pst_splits_free(service->splits);
	pst_spf_lists_free(service->spf_lists);
	pst_waiting_room_free(service->waiting_room);
	pst_config_unref(service->config);
	pst_mutex_destroy(&service->lock);
	free(service);
}

void
pst_service_replace(struct pst_service *service, struct pst_config *config)
{
	struct pst_config *old;

	pst_mutex_lock(&service->lock);
	old = service->config;
	service->config = config;
	pst_mutex_unlock(&service->lock);
	pst_spf_lists_set_names(service->spf_lists, &config->spf_names);
	pst_config_unref(old);
}

struct pst_config *
pst_service_config(struct pst_service *service)
{
	struct pst_config *config;

	pst_mutex_lock(&service->lock);
	config = pst_config_ref(service->config);
	pst_mutex_unlock(&service->lock);
	return config;
}

enum pst_dns_health_change
pst_service_note_dns(struct pst_service *service,
    const struct pst_config *config, enum pst_dns_observation health,
    bool *capped)
{
	bool defers = pst_temperror_may_defer(config);
	enum pst_dns_health_change change;

	pst_mutex_lock(&service->lock);
	change = pst_dns_health_update(&service->health, health,
	    pst_clock_ms(service->clock),
	    defers ? config->temperror_cap_ms : 0);
	*capped = service->health.capped;
	pst_mutex_unlock(&service->lock);
	pst_counters_dns_health(health);
	return change;
}

bool
pst_service_foresee_dns(struct pst_service *service,
    const struct pst_config *config, enum pst_dns_observation health)
{
	bool defers = pst_temperror_may_defer(config);
	struct pst_dns_health foreseen;

	pst_mutex_lock(&service->lock);
	foreseen = service->health;
	pst_mutex_unlock(&service->lock);
	(void)pst_dns_health_update(&foreseen, health,
	    pst_clock_ms(service->clock),
	    defers ? config->temperror_cap_ms : 0);
	return foreseen.capped;
}

void
pst_service_watch_dns(struct pst_service *service,
    void (*call)(enum pst_resolver_alarm alarm, bool on))
{
	if (service->asks_servers)
		pst_resolver_watch(service->resolver, call);
}

void
pst_service_set_key(struct pst_service *service, const struct pst_site_key *key)
{
	service->key = *key;
	service->has_key = true;
}

const struct pst_site_key *
pst_service_key(const struct pst_service *service)
{
	return service->has_key ? &service->key : NULL;
}

struct pst_memory *
pst_service_memory(struct pst_service *service)
{
	return service->memory;
}

struct pst_deferrals *
pst_service_deferrals(struct pst_service *service)
{
	return service->deferrals;
}

struct pst_splits *
pst_service_splits(struct pst_service *service)
{
	return service->splits;
}

struct pst_waiting_room *
pst_service_waiting_room(struct pst_service *service)
{
	return service->waiting_room;
}

struct pst_resolver *
pst_service_resolver(struct pst_service *service)
{
	return service->resolver;
}

struct pst_resolver *
pst_service_test_resolver(struct pst_service *service)
{
	return service->test_resolver;
}

struct pst_clock *
pst_service_clock(struct pst_service *service)
{
	return service->clock;
}

struct pst_spf_lists *
pst_service_spf_lists(struct pst_service *service)
{
	return service->spf_lists;
}
