/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock by raw system calls: Debian 12's headers know version 2 of the interface, kernels that
 * it runs on know more. Numbers and structures: Documentation/userspace-api/landlock.rst.
 */
#include "proc/sandbox_int.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset_attributes {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};

/* The structure of the kernel is packed to 12 bytes. */
struct path_attributes {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1 };

#define FILES_EXECUTE  (UINT64_C(1) << 0)
#define FILES_WRITE    (UINT64_C(1) << 1)
#define FILES_READ     (UINT64_C(1) << 2)
#define FILES_LIST     (UINT64_C(1) << 3)
#define FILES_RMDIR    (UINT64_C(1) << 4)
#define FILES_UNLINK   (UINT64_C(1) << 5)
#define FILES_MKDIR    (UINT64_C(1) << 7)
#define FILES_CREATE   (UINT64_C(1) << 8)
#define FILES_REFER    (UINT64_C(1) << 13)
#define FILES_TRUNCATE (UINT64_C(1) << 14)

#define FILES_OF_ABI_1 ((UINT64_C(1) << 13) - 1)
#define FILES_IOCTL    (UINT64_C(1) << 15)
#define PORTS_BIND     (UINT64_C(1) << 0)
#define PORTS_CONNECT  (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)
#define SCOPE_SIGNAL   (UINT64_C(1) << 1)

#define GRANT_READ (FILES_READ | FILES_LIST)
#define GRANT_WRITE                                                                           \
	(GRANT_READ | FILES_WRITE | FILES_RMDIR | FILES_UNLINK | FILES_MKDIR | FILES_CREATE | \
		FILES_REFER | FILES_TRUNCATE)
/* Rights that a rule on a file, not a folder, may have. */
#define GRANT_ON_FILE (FILES_EXECUTE | FILES_WRITE | FILES_READ | FILES_TRUNCATE)

/* From which version of the interface on something can be asked for. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_PORTS = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

static uint64_t files_of(long abi)
{
	return FILES_OF_ABI_1 | (abi >= ABI_REFER ? FILES_REFER : 0) |
	       (abi >= ABI_TRUNCATE ? FILES_TRUNCATE : 0) | (abi >= ABI_IOCTL ? FILES_IOCTL : 0);
}

static enum err add_path(int ruleset, const char *path, uint64_t allowed, struct why *why)
{
	CLEANUP(fd_close) int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	/* not every machine has every file of the table */
	if (fd == -1 && errno == ENOENT)
		return OK;
	if (fd == -1 || fstat(fd, &status) == -1)
		return fail_sys(why, "cannot reach %s", path);

	struct path_attributes rule = {
		.allowed = S_ISDIR(status.st_mode) ? allowed : allowed & GRANT_ON_FILE,
		.parent_fd = fd,
	};

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == -1)
		return fail_sys(why, "Landlock refuses a rule for %s", path);
	return OK;
}

static enum err add_paths(
	int ruleset, const struct sandbox_request *request, uint64_t handled, struct why *why)
{
	for (const struct sandbox_path *row = sandbox_rights[request->process].paths;
		row->path != NULL; row++) {
		char path[PATH_MAX];
		int n = row->base == PATH_DATA
				? snprintf(path, sizeof path, "%s/%s", request->data, row->path)
				: snprintf(path, sizeof path, "%s", row->path);

		if (row->is_for_store && !request->has_network_store)
			continue;
		if (n < 0 || (size_t)n >= sizeof path)
			return fail(why, ERR_LIMIT, "path too long: %s", request->data);
		TRY(add_path(ruleset, path,
			(row->access == PATH_WRITE ? GRANT_WRITE : GRANT_READ) & handled, why));
	}
	return OK;
}

enum err sandbox_files_open(const struct sandbox_request *request, int *out,
	struct sandbox_status *status, struct why *why)
{
	const struct sandbox_rights *rights = &sandbox_rights[request->process];
	bool is_connecting =
		rights->is_connecting || (request->has_network_store && rights->store_calls != 0);
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	*out = -1;
	if (abi < 1) {
		sandbox_missing(status, SANDBOX_FILES, "the kernel has no Landlock", errno);
		sandbox_missing(status, SANDBOX_PORTS, "the kernel has no Landlock", 0);
		sandbox_missing(status, SANDBOX_SCOPE, "the kernel has no Landlock", 0);
		return OK;
	}

	struct ruleset_attributes attributes = {
		.files = files_of(abi),
		.ports = PORTS_BIND | (is_connecting ? 0 : PORTS_CONNECT),
		.scopes = SCOPE_ABSTRACT | SCOPE_SIGNAL,
	};
	size_t size = abi >= ABI_SCOPE   ? sizeof attributes
		      : abi >= ABI_PORTS ? offsetof(struct ruleset_attributes, scopes)
					 : offsetof(struct ruleset_attributes, ports);
	CLEANUP(fd_close)
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);

	if (ruleset == -1)
		return fail_sys(why, "Landlock refuses its rules");
	TRY(add_paths(ruleset, request, attributes.files, why));
	status->active |= UINT32_C(1) << SANDBOX_FILES;
	if (abi >= ABI_PORTS)
		status->active |= UINT32_C(1) << SANDBOX_PORTS;
	else
		sandbox_missing(status, SANDBOX_PORTS, "the kernel's Landlock knows no ports", 0);
	if (abi >= ABI_SCOPE)
		status->active |= UINT32_C(1) << SANDBOX_SCOPE;
	else
		sandbox_missing(status, SANDBOX_SCOPE, "the kernel's Landlock knows no scopes", 0);
	*out = ruleset;
	ruleset = -1;
	return OK;
}

enum err sandbox_files_close(int ruleset, struct why *why)
{
	if (ruleset != -1 && syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		return fail_sys(why, "Landlock refuses to close");
	return OK;
}
