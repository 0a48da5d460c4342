/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/views.h"

const struct pst_web_view_info pst_web_views[PST_WEB_VIEWS] = {
    [PST_WEB_OVERVIEW] = {"overview", "Overview", true, true,
	pst_web_show_overview},
    [PST_WEB_DOMAINS] = {"domains", "From domains", true, true,
	pst_web_show_domains},
    [PST_WEB_DOMAIN] = {"domain", "From domain", false, true,
	pst_web_show_domain},
    [PST_WEB_SENDERS] = {"senders", "Senders", true, true,
	pst_web_show_senders},
    [PST_WEB_SOURCES] = {"sources", "Sources", true, true,
	pst_web_show_sources},
    [PST_WEB_RECIPIENTS] = {"recipients", "Recipients", true, true,
	pst_web_show_recipients},
    [PST_WEB_RULES] = {"rules", "Rules", true, true, pst_web_show_rules},
    [PST_WEB_ENFORCE] = {"enforce", "If enforced", true, true,
	pst_web_show_enforce},
    [PST_WEB_MESSAGES] = {"messages", "Messages", true, false,
	pst_web_show_messages},
    [PST_WEB_MESSAGE] = {"message", "Message", false, false,
	pst_web_show_message},
    [PST_WEB_SENT] = {"sent", "Reports sent", true, true, pst_web_show_sent},
    [PST_WEB_RECEIVED] = {"received", "Reports received", true, true,
	pst_web_show_received},
    [PST_WEB_HEALTH] = {"health", "Health", true, false, pst_web_show_health},
};
