/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two threads write one variable without order: only ThreadSanitizer can turn this red. */
#include <pthread.h>

static int shared;

static void *increment(void *unused)
{
    (void)unused;
    shared++;
    return 0;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, 0, increment, 0) != 0)
        return 2;
    shared++;
    pthread_join(thread, 0);
    return 0;
}
