/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/sandbox.h"

#include "base/io.h"
#include "base/log.h"
#include "proc/owner.h"
#include "proc/sandbox_int.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static const char *const part_words[] = {
	[SANDBOX_USER] = "user",
	[SANDBOX_PRIVILEGES] = "privileges",
	[SANDBOX_FILES] = "files",
	[SANDBOX_PORTS] = "ports",
	[SANDBOX_SCOPE] = "scope",
	[SANDBOX_CALLS] = "calls",
	[SANDBOX_NETWORK] = "network",
	[SANDBOX_LIMITS] = "limits",
};
_Static_assert(ARRAY_LEN(part_words) == SANDBOX_PARTS, "one word per part");

static const char *const mode_words[] = {
	[SANDBOX_KILL] = "kill",
	[SANDBOX_REPORT] = "report",
};
_Static_assert(ARRAY_LEN(mode_words) == SANDBOX_MODES, "one word per mode");

const char *sandbox_part_word(enum sandbox_part part)
{
	return part < SANDBOX_PARTS ? part_words[part] : "unknown";
}

const char *sandbox_mode_word(enum sandbox_mode mode)
{
	return mode < SANDBOX_MODES ? mode_words[mode] : "unknown";
}

bool sandbox_mode_from_word(struct str word, enum sandbox_mode *out)
{
	for (size_t i = 0; i < SANDBOX_MODES; i++) {
		if (str_eq(word, str_c(mode_words[i]))) {
			*out = (enum sandbox_mode)i;
			return true;
		}
	}
	return false;
}

void sandbox_status_put(struct buf *out, const struct sandbox_status *status)
{
	buf_fmt(out, "%u %u", (unsigned)status->active, (unsigned)status->missing);
}

bool sandbox_status_parse(struct str text, struct sandbox_status *out)
{
	const uint64_t end = UINT64_C(1) << SANDBOX_PARTS;
	struct str word;
	uint64_t active, missing;

	if (!str_next_word(&text, &word) || !parse_u64(word, &active) || active >= end ||
		!str_next_word(&text, &word) || !parse_u64(word, &missing) || missing >= end ||
		str_next_word(&text, &word))
		return false;
	*out = (struct sandbox_status){ (uint32_t)active, (uint32_t)missing };
	return true;
}

void sandbox_missing(
	struct sandbox_status *status, enum sandbox_part part, const char *reason, int sys)
{
	char text[64] = "";

	status->missing |= UINT32_C(1) << part;
	log_event(LOG_WARNING, "sandbox_missing", LOG_C("part", sandbox_part_word(part)),
		LOG_C("why", reason),
		LOG_C("error", sys == 0 ? "" : strerror_r(sys, text, sizeof text)));
}

static enum err limit_set(int which, uint64_t most, struct why *why)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)which, &now) == -1)
		return fail_sys(why, "cannot read a limit");
	/* a limit that is lower already stays: raising the hard one needs rights */
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
		most = now.rlim_max;
	if (setrlimit((__rlimit_resource_t)which, &(struct rlimit){ most, most }) == -1)
		return fail_sys(why, "cannot set a limit");
	return OK;
}

enum err sandbox_limit_memory(uint64_t most_bytes, struct why *why)
{
	struct rlimit now;

	if (IS_SANITIZED)
		return OK;
	if (getrlimit(RLIMIT_AS, &now) == -1)
		return fail_sys(why, "cannot read a limit");
	now.rlim_cur = most_bytes < now.rlim_max ? most_bytes : now.rlim_max;
	if (setrlimit(RLIMIT_AS, &now) == -1)
		return fail_sys(why, "cannot set a limit");
	return OK;
}

static enum err limits_close(
	const struct sandbox_rights *rights, struct sandbox_status *status, struct why *why)
{
	TRY(limit_set(RLIMIT_CORE, 0, why));
	TRY(limit_set(RLIMIT_NOFILE, rights->descriptors, why));
	if (rights->file_bytes != 0)
		TRY(limit_set(RLIMIT_FSIZE, rights->file_bytes, why));
	/* the address sanitizer reserves terabytes of address space */
	if (rights->memory_bytes != 0 && !IS_SANITIZED)
		TRY(limit_set(RLIMIT_AS, rights->memory_bytes, why));
	status->active |= UINT32_C(1) << SANDBOX_LIMITS;
	return OK;
}

static bool is_active(const struct sandbox_status *status, enum sandbox_part part)
{
	return (status->active >> part & 1) != 0;
}

/* Nothing but an interface "lo" that is down: no packet leaves, none comes. */
static void network_close(struct sandbox_status *status, int flags)
{
	if (unshare(flags) != -1)
		status->active |= UINT32_C(1) << SANDBOX_NETWORK;
}

static enum err privileges_drop(struct sandbox_status *status, struct why *why)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capset, &header, none) == -1)
		return fail_sys(why, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail_sys(why, "cannot refuse new privileges");
	/* nobody of the same user may look into it; a change of user takes the parent's end away */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return fail_sys(why, "cannot close the process");
	status->active |= UINT32_C(1) << SANDBOX_PRIVILEGES;
	return OK;
}

static enum err user_close(
	const struct sandbox_request *request, struct sandbox_status *status, struct why *why)
{
	const char *user = sandbox_rights[request->process].is_nobody ? "nobody" : request->user;
	struct owner to;

	if (geteuid() != 0) {
		sandbox_missing(status, SANDBOX_USER, "only root can change to another user", 0);
		return OK;
	}
	TRY(owner_find(request->data, user, &to, why));
	TRY(owner_become(&to, why));
	if (to.uid == 0)
		sandbox_missing(status, SANDBOX_USER,
			"the data folder belongs to root: give it to a user of its own", 0);
	else
		status->active |= UINT32_C(1) << SANDBOX_USER;
	return OK;
}

enum err sandbox_enter(
	const struct sandbox_request *request, struct sandbox_status *out, struct why *why)
{
	const struct sandbox_rights *rights = &sandbox_rights[request->process];
	CLEANUP(fd_close) int ruleset = -1;

	*out = (struct sandbox_status){ 0 };
	/* libc reads /etc/localtime at the first use of any calendar function, timegm() too */
	tzset();
	TRY(limits_close(rights, out, why));
	if (rights->has_no_network)
		network_close(out, CLONE_NEWNET);
	TRY(sandbox_files_open(request, &ruleset, out, why));
	TRY(user_close(request, out, why));
	/* without root, a user namespace gives the right to make the other one */
	if (rights->has_no_network && !is_active(out, SANDBOX_NETWORK))
		network_close(out, CLONE_NEWUSER | CLONE_NEWNET);
	if (rights->has_no_network && !is_active(out, SANDBOX_NETWORK))
		sandbox_missing(out, SANDBOX_NETWORK, "no network namespace", errno);
	TRY(privileges_drop(out, why));
	TRY(sandbox_files_close(ruleset, why));
	fd_close(&ruleset);

	unsigned calls = rights->calls | (request->has_network_store ? rights->store_calls : 0) |
			 (IS_SANITIZED ? CALLS_SANITIZER : 0);

	return sandbox_calls_close(calls, request->mode, out, why);
}
