/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_STYLE_H
#define PST_WEB_STYLE_H

/* The style sheet, made of web/style.css by web/embed.awk. */
extern const char pst_web_style[];

#endif
