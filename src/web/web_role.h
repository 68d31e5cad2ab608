/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The web role of a server (proc/role.h). */
#pragma once

#include "proc/child.h"

/* The inherited listening socket. */
#define WEB_LISTEN_NAME "http"

int web_role(struct child *child);
