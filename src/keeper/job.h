/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs: imports on their way. A feed is fetched (by the fetch role) into a spool file, or a file
 * came with a command; the parse role turns it into batches of claims. A full list is read twice:
 * first it is surveyed (survey.h), and held when it looks like a mistake (held.h). Then each batch
 * is merged in a transaction of its own; at the end the claims that left the list end, and a new
 * snapshot is due. Claims that a guard of policy never holds are refused.
 *
 * A job that was under way when keeper ended is begun again from its spool file; merging the same
 * claims once more changes nothing.
 */
#pragma once

#include "base/json_write.h"
#include "channel/channel.h"
#include "evidence/import.h"
#include "feed/definition.h"
#include "keeper/guarded.h"
#include "keeper/keeper.h"
#include "keeper/survey.h"

enum job_state { JOB_FETCHING, JOB_WAITING, JOB_SURVEYING, JOB_PARSING, JOB_STATES };

enum { JOBS_MAX = 256 };

struct job {
	uint64_t id;
	enum job_state state;
	struct arena arena; /* of the definition */
	struct feed_definition definition;
	struct str file;       /* the input's name, for sniffing and messages */
	struct str spool;      /* path of the spool file; empty: none */
	int input;             /* descriptor of it, -1 while fetching */
	struct import *import; /* while surveying and parsing */
	unsigned attempts;     /* that ended because a role died */
	unsigned parser;       /* index of the parse role at work on it */
	struct channel *asker; /* NULL: nobody waits, or gone */
	uint64_t asker_id;
	bool is_built_after; /* a snapshot follows */
	bool may_vouch;      /* of a source that is new: see declare.h */
	bool is_accepted;    /* a person wants it whatever a survey would say */
	struct survey survey;
	struct guarded guarded; /* while parsing */
	int64_t started_ns;
	uint64_t bytes_done;
	uint64_t bytes_total;
	uint64_t accepted;
	struct str etag;
	struct str last_modified;
	char actor[96];
};

struct service;

/* Takes fd. The job answers the asker when it ends; the caller says what it may. */
NODISCARD enum err job_import(struct service *service, const struct feed_definition *definition,
	struct str file, int fd, bool is_built_after, struct job **out, struct why *why);
/* A job that fetches first. ERR_UNSUPPORTED when the definition has no URL or no fetch role runs.
 */
NODISCARD enum err job_fetch(struct service *service, const struct feed_definition *definition,
	struct job **out, struct why *why);

/* Gives waiting jobs to idle parse roles. */
void jobs_advance(struct service *service);
/* Messages of the fetch and parse roles. */
void job_message(
	struct service *service, enum process from, unsigned index, const struct message *message);
/* A parse or fetch role died: its job begins again, a second time it fails. */
void jobs_peer_lost(struct service *service, enum process from, unsigned index);
/* Somebody who waited for an answer is gone. */
void jobs_asker_lost(struct service *service, const struct channel *asker);
/* Jobs that were under way when keeper last ended. */
NODISCARD enum err jobs_resume(struct service *service, struct why *why);
/* Keeper ends: jobs are forgotten here, and resumed from the store by the next one. */
void jobs_drop(struct service *service);
/* Starts what is due by the feeds' cadences. */
void jobs_due(struct service *service);

void job_write(struct json_writer *json, const struct job *job);
