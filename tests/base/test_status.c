/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/status.h"

#include <criterion/criterion.h>
#include <string.h>

Test(status, a_failure_returns_its_status_and_fills_the_message)
{
    struct oac_err err;
    cr_assert_eq(oac_fail(&err, OAC_EINVAL, "laser.power_dbm = %g", 31.0), OAC_EINVAL);
    cr_assert_eq(err.status, OAC_EINVAL);
    cr_assert_str_eq(err.message, "laser.power_dbm = 31");
}

Test(status, context_comes_first_and_keeps_the_status)
{
    struct oac_err err;
    oac_fail(&err, OAC_EPARSE, "truncated");
    cr_assert_eq(oac_fail_within(&err, "%s:%d", "rig.yaml", 12), OAC_EPARSE);
    cr_assert_str_eq(err.message, "rig.yaml:12: truncated");
}

Test(status, over_long_messages_are_cut_and_terminated)
{
    struct oac_err err;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    oac_fail(&err, OAC_EINVAL, "%s", text);
    cr_assert_eq(strlen(err.message), sizeof err.message - 1);
    oac_fail_within(&err, "file");
    cr_assert_eq(strlen(err.message), sizeof err.message - 1);
    cr_assert(strncmp(err.message, "file: xxx", 9) == 0);
    for (size_t length = sizeof err.message - 5; length <= sizeof err.message; length++) {
        oac_fail(&err, OAC_EINVAL, "inner");
        oac_fail_within(&err, "%.*s", (int)length, text);
        cr_assert(memchr(err.message, '\0', sizeof err.message) != NULL);
    }
}

Test(status, a_message_is_one_line_whatever_it_quotes)
{
    struct oac_err err;
    oac_fail(&err, OAC_EINVAL, "%s", "two\nlines\x1b[31m");
    cr_assert_str_eq(err.message, "two?lines?[31m");
    oac_fail_within(&err, "bad\rname");
    cr_assert_str_eq(err.message, "bad?name: two?lines?[31m");
}

Test(status, every_status_has_a_name_a_text_and_an_exit_code)
{
    cr_assert_str_eq(oac_status_name(OAC_OK), "OAC_OK");
    cr_assert_str_eq(oac_status_name(OAC_EINTERNAL), "OAC_EINTERNAL");
    for (int status = OAC_OK; status <= OAC_EINTERNAL; status++) {
        cr_assert(strncmp(oac_status_name((enum oac_status)status), "OAC_", 4) == 0);
        cr_assert(strlen(oac_status_text((enum oac_status)status)) > 0);
        cr_assert_eq(oac_status_exit_code((enum oac_status)status) == 0, status == OAC_OK);
    }
    cr_assert_eq(oac_status_exit_code(OAC_EUSAGE), 2);
    cr_assert_eq(oac_status_exit_code(OAC_EDEVICE), 3);
    cr_assert_eq(oac_status_exit_code(OAC_EINTERRUPTED), 130);
}
