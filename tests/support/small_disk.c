/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/small_disk.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>

#include "tests/support/need.h"

/* In a chroot "/" is no mount point and cannot be made private (EINVAL): the mount may then be seen outside
 * until the test unmounts it. */
static bool leave_the_others_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 &&
           (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL);
}

void oac_test_small_disk(const char *dir, const char *size)
{
    char options[32];
    snprintf(options, sizeof options, "size=%s", size);
    bool mounted = leave_the_others_mounts() && mount("tmpfs", dir, "tmpfs", 0, options) == 0;
    oac_test_need(mounted, "mounting a small tmpfs needs root");
}
