/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeper at work: its state, its jobs, who is connected, and the snapshot that is being built. One
 * thread; the building of a snapshot is a process of its own, so that a report is taken meanwhile.
 */
#pragma once

#include "keeper/builder.h"
#include "keeper/command.h"
#include "keeper/job.h"
#include "keeper/task.h"
#include "proc/child.h"

enum { CLIENTS_MAX = 32, BUILD_ASKERS_MAX = 64 };

/* One caller at the control socket. */
struct client {
	struct channel channel;
	struct actor actor;
	bool is_used;
};

/* Indicators that are to be shown anew in the live copy; see override_live.h. */
struct live_changes {
	struct arena arena;
	struct str *keys;
	size_t n;
	size_t capacity;
	size_t at; /* those before it are done */
};

struct service {
	struct keeper keeper;
	struct child *child;
	struct job *jobs[JOBS_MAX];
	size_t job_count;
	uint64_t next_job;
	uint64_t next_event;
	struct client clients[CLIENTS_MAX];
	int control; /* the listening socket; the child's */
	struct builder builder;
	int64_t build_due_ns; /* monotonic; 0: nothing is due */
	struct build_asker {
		struct channel *channel;
		uint64_t id;
		uint64_t after; /* answered by a build with at least this number */
	} build_askers[BUILD_ASKERS_MAX];
	size_t build_asker_count;
	uint64_t builds_started;
	uint64_t build_cpu_ms; /* of the last one */
	int64_t feeds_due_ns;
	int64_t retention_due_s;
	struct live_changes live_changes;
	int64_t overrides_seen_s; /* what began or ended until then is shown, or a build is due */
	int64_t overrides_due_s;  /* when the next override begins or ends; 0: none does */
	struct tasks tasks;
	int64_t refit_due_s; /* when to look whether the model is old */
	struct buf touched;  /* what the last build found that touches guards; see touched.h */
};

/* A new snapshot is wanted within delay_ms; an earlier wish stays. */
void service_want_build(struct service *service, int64_t delay_ms);

/* Guards changed: the rules are read again, and a new snapshot follows at once. */
void service_rules_changed(struct service *service);
/* Overrides changed: when the clock has to look again. */
void service_overrides_changed(struct service *service);

/* Answers everybody who asked for a snapshot: with the result, or with why there is none. */
void builds_answer(
	struct service *service, const struct build_result *result, const struct why *why);

/* Answers on a channel that may be gone by now. */
void service_reply(struct service *service, struct channel *asker, uint64_t id, struct str json);
void service_progress(struct service *service, struct channel *asker, uint64_t id, struct str json);

/* Tells web, for server-sent events: {"event":type, ...}; members is what stands between. */
void service_event(struct service *service, const char *type, struct str members);

/* The role's main function (proc/role.h). */
int keeper_role(struct child *child);
