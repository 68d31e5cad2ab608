/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by job.c (life of a job), job_messages.c (fetch and parse) and job_schedule.c. */
#pragma once

#include "keeper/job.h"

/* A job with a copy of the definition, in the service's list; NULL when there are too many. */
struct job *job_new(
	struct service *service, const struct feed_definition *definition, struct why *why);
void job_free(struct service *service, struct job *job);
/* An empty spool file of the job's own, open as its input. */
NODISCARD enum err job_spool_new(struct service *service, struct job *job, struct why *why);
/* Answers whoever waits with the error; the job is gone afterwards. */
void job_fail(struct service *service, struct job *job, const struct why *why);
/* A role died under it: begins again from its spool file, once. */
void job_retry(struct service *service, struct job *job, const struct why *why);
/* Hash of the input and of what reading it depends on. */
NODISCARD enum err job_content_hash(
	const struct job *job, uint8_t out[IMPORT_HASH_BYTES], struct why *why);
void job_done_build(struct service *service, const struct job *job);
