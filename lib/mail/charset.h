/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_CHARSET_H
#define PST_MAIL_CHARSET_H

/*
 * Text in the character sets that encoded-words are written in. The sender
 * chooses the name, so iconv(3) is only asked for those of a fixed list: it
 * loads code for each, and some of that had faults. Thread-safe.
 */

#include "base/arena.h"
#include "base/str.h"

/*
 * Returns octets in that character set as UTF-8, in the arena; at most three
 * times as long. UTF-8 may be wrong. A name that is not in the list, and octets
 * that the set does not have, are taken as windows-1252: what is ASCII stays
 * readable, so a wrong name does not hide an address.
 */
struct pst_str pst_charset_to_utf8(
    struct pst_arena *arena, struct pst_str charset, struct pst_str octets);

/*
 * Loads what iconv(3) needs for the list, and keeps it: afterwards the process
 * may be unable to read its files. What cannot be loaded is taken as above.
 */
void pst_charset_prepare(void);

#endif
