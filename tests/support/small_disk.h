/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk that is soon full: a small tmpfs over a directory, seen by this process alone. */
#ifndef OAC_TESTS_SUPPORT_SMALL_DISK_H
#define OAC_TESTS_SUPPORT_SMALL_DISK_H

/* Mounts `size` ("64k") over `dir`; a machine that does not allow it (no root) ends the test, see need.h. The
 * test unmounts with umount(dir); a failing one leaves nothing, because the mount namespace dies with it. */
void oac_test_small_disk(const char *dir, const char *size);

#endif
