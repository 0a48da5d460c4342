/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SERVICE_H
#define PST_CORE_SERVICE_H

/*
 * What all messages of a process share: the current configuration, the
 * resolver, the clock. One for each process; its functions are thread-safe.
 */

#include "base/clock.h"
#include "config/config.h"
#include "core/dns_health.h"
#include "dns/dns.h"

struct pst_service;

/*
 * Takes over one reference to config. Starts the resolver that config names
 * (libunbound, or its zone). NULL with a sentence in err; config's reference
 * is then given back. clock may be manual for a single-threaded user and must
 * outlive the service.
 */
struct pst_service *pst_service_start(
    struct pst_config *config, struct pst_clock *clock, struct pst_err *err);

/*
 * The same on a resolver of the caller's, which the service takes over: for
 * tools with a zone of their own, and for tests. Never fails.
 */
struct pst_service *pst_service_start_with(struct pst_config *config,
    struct pst_resolver *resolver, struct pst_clock *clock);

/* No session may be open. */
void pst_service_stop(struct pst_service *service);

/* Replaces the configuration; takes over one reference. */
void
pst_service_replace(struct pst_service *service, struct pst_config *config);

/* The current configuration, with a reference for the caller. */
struct pst_config *pst_service_config(struct pst_service *service);

/*
 * What a message told of the resolver. *capped becomes whether deferring for
 * DNS trouble has ended for now (temperror-cap); the result says whether that
 * has just changed.
 */
enum pst_dns_health_change pst_service_note_dns(struct pst_service *service,
    const struct pst_config *config, enum pst_dns_observation health,
    bool *capped);

struct pst_resolver *pst_service_resolver(struct pst_service *service);
struct pst_clock *pst_service_clock(struct pst_service *service);

#endif
