/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling people that something waits for them: the item in the store, an event, a line of log. */
#pragma once

#include "decision/pending.h"

struct service;

struct waiting_item {
	enum pending_kind kind;
	struct str subject;
	struct str summary;
	struct str detail;
};

/* In a transaction of its own; told when it is new. */
NODISCARD enum err waiting_raise(
	struct service *service, const struct waiting_item *item, int64_t *id, struct why *why);
/* For a caller that has raised it in its own transaction, after the commit. */
void waiting_tell(struct service *service, const struct waiting_item *item, int64_t id);
