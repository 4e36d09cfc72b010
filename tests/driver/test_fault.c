/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "driver/fault.h"
#include "sim/analytic.h"
#include "sim/noise.h"

static void open_link(struct oac_fault *fault, const char *text, struct oac_link *link)
{
    static const uint8_t hash[32] = {0};
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_fault_parse(text, fault, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_rig_read("ideal", NULL, 0, &rig, NULL, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_analytic_open(&rig, hash, OAC_NOISE_NONE, 1, link, &err), OAC_OK);
    cr_assert_eq(oac_fault_link(fault, link, &err), OAC_OK, "%s", err.message);
}

static enum oac_status get(struct oac_link *link, struct oac_err *err)
{
    double value;
    return oac_link_get(link, OAC_LASER_DBM, 0, &value, err);
}

Test(fault, the_call_that_was_named_fails_and_no_other)
{
    struct oac_fault fault;
    struct oac_link link;
    struct oac_err err;
    open_link(&fault, "get:2=device", &link);
    cr_expect_eq(oac_link_safe(&link, &err), OAC_OK);
    cr_expect_eq(get(&link, &err), OAC_OK);
    cr_expect_not(atomic_load(&fault.fired));
    cr_expect_eq(get(&link, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "get 2"), "%s", err.message);
    cr_expect(atomic_load(&fault.fired));
    cr_expect_eq(get(&link, &err), OAC_OK);
    oac_link_close(&link);
}

Test(fault, a_delayed_call_succeeds_late)
{
    struct oac_fault fault;
    struct oac_link link;
    struct oac_err err;
    struct timespec before, after;
    open_link(&fault, "any:1=delay:50", &link);
    clock_gettime(CLOCK_MONOTONIC, &before);
    cr_expect_eq(get(&link, &err), OAC_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect_geq(
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 49);
    oac_link_close(&link);
}

Test(fault, texts_that_name_no_fault_are_usage_errors)
{
    static const char *const wrong[] = {
        "",          "play",      "play:0=io",     "play:3",     "jump:1=io",
        "play:1=ok", "play:x=io", "play:1=delay:", "play:1=odd", "play:1=delay:x"};
    struct oac_fault fault = {0};
    struct oac_err err;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(oac_fault_parse(wrong[i], &fault, &err), OAC_EUSAGE, "%s", wrong[i]);
        cr_expect(strstr(err.message, "CALL:N"), "%s", err.message);
    }
    cr_expect_eq(oac_fault_parse("workspace:12=nomem", &fault, &err), OAC_OK);
    cr_expect(fault.call == OAC_FAULT_WORKSPACE && fault.nth == 12 &&
              fault.status == OAC_ENOMEM);
}
