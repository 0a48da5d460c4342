/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_HOSTS_H
#define PST_IMPORT_OPENDKIM_HOSTS_H

#include "import/import.h"

/*
 * Takes InternalHosts into sign-networks. A network as wide as the Internet is
 * never taken: with it, anybody's mail in our name is signed. Names, exceptions
 * and everything else that sign-networks cannot hold becomes a remark.
 */
void pst_opendkim_hosts(struct pst_import *import,
    const struct pst_import_at *at, const char *base);

#endif
