/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SERVICE_H
#define PST_CORE_SERVICE_H

/*
 * What all messages of a process share: the current configuration, the
 * resolver, the state of the DNS, the failing look-ups, the memory of domains
 * and the clock. A process has one service. Its functions are thread-safe,
 * except for starting and stopping it.
 */

#include "base/clock.h"
#include "base/macros.h"
#include "config/config.h"
#include "core/deferrals.h"
#include "core/dns_health.h"
#include "core/memory.h"
#include "core/site_key.h"
#include "core/spf_lists.h"
#include "core/splits.h"
#include "core/waiting_room.h"
#include "dns/dns.h"
#include "dns/resolver.h"

struct pst_service;

/*
 * Starts a service and the resolver that config names (DNS servers, or a zone
 * file). Takes over one reference to config, even when it fails. Returns NULL,
 * with a sentence in err, if the resolver cannot be started. clock must outlive
 * the service; in a single-threaded program it may be a manual clock.
 */
struct pst_service *pst_service_start(struct pst_config *config,
    struct pst_clock *clock, struct pst_err *err) PST_MUST_CHECK;

/*
 * The same with a resolver of the caller's, which the service takes over: for
 * tools with a zone of their own, and for tests. It never fails.
 */
struct pst_service *pst_service_start_with(struct pst_config *config,
    struct pst_resolver *resolver, struct pst_clock *clock);

/*
 * Frees the service and the resolver, and gives its reference to the
 * configuration back. No session may be open.
 */
void pst_service_stop(struct pst_service *service);

/* Replaces the current configuration; takes over one reference to config. */
void
pst_service_replace(struct pst_service *service, struct pst_config *config);

/* Returns the current configuration with a reference, which the caller owns. */
struct pst_config *pst_service_config(struct pst_service *service);

/*
 * Updates the state of the DNS by what one message has observed. config is that
 * of the message. *capped is set to true while deferring for DNS failures is
 * suspended (temperror-cap). Returns whether that has just changed.
 */
enum pst_dns_health_change pst_service_note_dns(struct pst_service *service,
    const struct pst_config *config, enum pst_dns_observation health,
    bool *capped);

/*
 * The same for a test, after which the state is as it was (R-TEST-1). Returns
 * whether deferring would be suspended for mail.
 */
bool pst_service_foresee_dns(struct pst_service *service,
    const struct pst_config *config, enum pst_dns_observation health);

/* Returns the room for messages that wait (dns.max-waiting); borrowed. */
struct pst_waiting_room *pst_service_waiting_room(struct pst_service *service);

/*
 * From now on `call` is told, in the resolver's thread, when questions begin or
 * cease to be refused or given up because of our own limits (dns/resolver.h).
 */
void pst_service_watch_dns(struct pst_service *service,
    void (*call)(enum pst_resolver_alarm alarm, bool on));

/*
 * Sets the secret of the installation, before the first session. Without this,
 * it is not known.
 */
void pst_service_set_key(
    struct pst_service *service, const struct pst_site_key *key);
/* Returns that secret; NULL if it is not known. */
const struct pst_site_key *pst_service_key(const struct pst_service *service);

/*
 * Return what belongs to the service; the caller borrows it. The memory of
 * domains is never NULL. It begins empty, and young.
 */
struct pst_memory *pst_service_memory(struct pst_service *service);
struct pst_deferrals *pst_service_deferrals(struct pst_service *service);
struct pst_splits *pst_service_splits(struct pst_service *service);
/* Their names are those of the current configuration. */
struct pst_spf_lists *pst_service_spf_lists(struct pst_service *service);
struct pst_resolver *pst_service_resolver(struct pst_service *service);
/* For test mail: it also knows the canary's names (core/canary.h). */
struct pst_resolver *pst_service_test_resolver(struct pst_service *service);
struct pst_clock *pst_service_clock(struct pst_service *service);

#endif
