/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_SOCKET_H
#define PST_TOOLS_MTA_SOCKET_H

#include "base/endpoint.h"

/*
 * Returns a connected, non-blocking socket to a filter; -1 with a sentence in
 * err. An endpoint without a host means the loopback address. timeout_ms limits
 * the wait for each address of the host. Thread-safe.
 */
int pst_mta_connect(
    const struct pst_endpoint *where, unsigned timeout_ms, struct pst_err *err);

#endif
