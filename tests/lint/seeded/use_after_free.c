/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Never built: tests/lint/tidy must find what is wrong here, or it finds nothing anywhere. */
#include <stdlib.h>

int use_after_free(int *value);

int use_after_free(int *value)
{
    free(value);
    return *value;
}
