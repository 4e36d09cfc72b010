/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Journals that end early, recordings that lie, and files that are no recordings: one line, never a crash. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "driver/recording/journal.h"
#include "driver/recording/recording.h"
#include "tests/driver/recording_fixture.h"

#define MUTANTS 120

static struct recording_fixture fixture;
static char journal[OAC_TEST_DIR_BYTES + 32];

static void make(void)
{
    struct oac_err err;
    cr_assert_eq(recording_fixture_make(&fixture, "m2k-bench", OAC_NOISE_NONE, &err), OAC_OK,
                 "%s", err.message);
    oac_test_dir_path(fixture.dir, "bench.h5.journal", journal);
}

static void clear(void)
{
    recording_fixture_remove(&fixture);
}

TestSuite(recording, .init = make, .fini = clear, .timeout = 300);

/* The alignment of a modem, and nothing else. */
static void record(bool finish)
{
    struct oac_link link;
    struct oac_err err;
    cr_assert_eq(recording_fixture_wave_link(&fixture, &link, &err), OAC_OK, "%s", err.message);
    oac_link_close(&link);
    if (finish) {
        cr_assert_eq(recording_fixture_finish(&fixture, &err), OAC_OK, "%s", err.message);
        return;
    }
    oac_recorder_abandon(fixture.recorder);
    fixture.recorder = NULL;
}

/* Bursts and calls that are in the recording. */
static size_t records(void)
{
    struct oac_recording *r = NULL;
    struct oac_err err;
    cr_assert_eq(oac_recording_read(fixture.path, &r, &err), OAC_OK, "%s", err.message);
    const size_t count = r->bursts + r->calls;
    oac_recording_destroy(r);
    return count;
}

Test(recording, a_torn_journal_loses_its_last_record_only)
{
    struct oac_err err;
    char *data;
    size_t bytes;
    record(false);
    cr_assert_eq(oac_file_read(journal, 1 << 28, &data, &bytes, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_recording_finish(fixture.path, &err), OAC_OK, "%s", err.message);
    const size_t whole = records();
    cr_assert_geq(whole, 2);
    cr_assert_neq(access(journal, F_OK), 0, "a finished journal is gone");
    oac_test_file_put(journal, data, bytes - 5);
    cr_assert_eq(oac_recording_finish(journal, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(records(), whole - 1);
    data[bytes - 5] ^= 1;
    oac_test_file_put(journal, data, bytes);
    cr_assert_eq(oac_recording_finish(fixture.path, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(records(), whole - 1, "a damaged record is not believed");
    oac_test_file_put(journal, data, 100);
    cr_expect_eq(oac_recording_finish(fixture.path, &err), OAC_EPARSE);
    cr_expect(strstr(err.message, "not a journal"), "%s", err.message);
    free(data);
}

Test(recording, a_journal_that_is_there_is_not_overwritten)
{
    struct oac_err err;
    record(false);
    cr_expect_eq(recording_fixture_recorder(&fixture, "wave", &err), OAC_EINVAL);
    cr_expect(strstr(err.message, "oac record finish"), "%s", err.message);
    cr_expect_eq(access(journal, F_OK), 0);
}

Test(recording, nothing_played_leaves_nothing)
{
    struct oac_err err;
    cr_assert_eq(recording_fixture_recorder(&fixture, "wave", &err), OAC_OK, "%s", err.message);
    oac_recorder_abandon(fixture.recorder);
    fixture.recorder = NULL;
    cr_expect_eq(oac_test_dir_entries(fixture.dir), 0);
}

/* A file that is read is consistent; else one line says what is wrong with it. */
static bool survives(const char *what)
{
    struct oac_recording *r = NULL;
    struct oac_err err = {0};
    if (!oac_recording_read(fixture.path, &r, &err)) {
        oac_recording_destroy(r);
        return true;
    }
    cr_expect_gt(strlen(err.message), 10, "%s", what);
    cr_expect_null(strchr(err.message, '\n'), "%s: %s", what, err.message);
    return false;
}

Test(recording, damaged_files_are_one_line)
{
    struct oac_err err;
    char *data, what[40];
    size_t bytes, refused = 0;
    record(true);
    cr_assert_eq(oac_file_read(fixture.path, 1 << 28, &data, &bytes, &err), OAC_OK);
    for (size_t part = 0; part < 5; part++) {
        oac_test_file_put(fixture.path, data, bytes * part / 5);
        cr_expect_not(survives("cut short"));
    }
    for (uint64_t i = 0; i < MUTANTS; i++) {
        uint32_t word[4];
        oac_rng_words(3, OAC_RNG_TEST, i, 0, word);
        const size_t at = word[0] % bytes;
        const char was = data[at];
        data[at] = (char)(was ^ (char)(1 + word[1] % 255));
        oac_test_file_put(fixture.path, data, bytes);
        snprintf(what, sizeof what, "byte %zu", at);
        refused += !survives(what);
        data[at] = was;
    }
    cr_expect_gt(refused, 0);
    free(data);
}

/* One value of a good recording is replaced where it was written; HDF5 itself sees nothing wrong. */
static void lie(const char *array, size_t at, uint64_t value, const char *says)
{
    struct oac_h5_file *file;
    struct oac_h5_writer *writer;
    struct oac_err err = {0};
    struct oac_recording *r = NULL;
    cr_assert_eq(oac_h5_read(fixture.path, 0, &file, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    for (size_t i = 0; i < file->attribute_count; i++) {
        const struct oac_h5_attribute *a = &file->attributes[i];
        if (oac_h5_find_array(file, a->path))
            continue;
        const enum oac_status put =
            a->kind == OAC_H5_TEXT
                ? oac_h5_put_text(writer, a->path, a->name, a->text, &err)
                : oac_h5_put_real(writer, a->path, a->name, a->values[0], &err);
        cr_assert_eq(put, OAC_OK, "%s", err.message);
    }
    for (size_t i = 0; i < file->array_count; i++) {
        struct oac_h5_array *a = &file->arrays[i];
        if (strcmp(a->path, array) == 0 && a->type == OAC_H5_U32)
            ((uint32_t *)a->data)[at] = (uint32_t)value;
        else if (strcmp(a->path, array) == 0)
            ((uint64_t *)a->data)[at] = value;
        cr_assert_eq(oac_h5_put_array(writer, a->path, a->type, a->rank, a->dims,
                                      a->rank == 3 ? "a,b,c" : "a", "1", false, a->data, &err),
                     OAC_OK, "%s", err.message);
    }
    char path[OAC_TEST_DIR_BYTES + 16];
    cr_assert_eq(oac_h5_commit(writer, oac_test_dir_path(fixture.dir, "lie.h5", path), &err),
                 OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
    oac_h5_file_destroy(file);
    const enum oac_status status = oac_recording_read(path, &r, &err);
    if (!says) {
        cr_assert_eq(status, OAC_OK, "%s", err.message);
        oac_recording_destroy(r);
        return;
    }
    cr_expect_eq(status, OAC_EPARSE, "%s[%zu] = %llu", array, at, (unsigned long long)value);
    cr_expect(strstr(err.message, says), "%s: \"%s\" is not in: %s", array, says, err.message);
}

Test(recording, entries_that_point_nowhere_are_refused)
{
    record(true);
    lie("/none", 0, 0, NULL); /* the copy alone is good */
    lie("/segment/load", 1, 1000, "load 1000");
    lie("/segment/client", 0, 77777, "client 77777");
    lie("/segment/capture", 0, 4000000000u, "not all of them are there");
    lie("/segment/settings", 0, 99, "not all of them are there");
    lie("/segment/burst", 1, 7, "not all of them are there");
    lie("/segment/rx_begin", 1, UINT64_MAX - 10, "do not fit");
    lie("/segment/flag_begin", 1, 1 << 20, "do not fit");
    lie("/load/slots", 0, UINT64_MAX / 2, "shape");
    lie("/load/rows", 0, 0, "shape");
    lie("/load/begin", 1, UINT64_MAX, "/load/begin");
    lie("/client/begin", 1, UINT64_MAX, "/client/begin");
    lie("/capture/pick_begin", 0, 3, "/capture/pick_begin");
    lie("/light/load", 0, 500, "/light");
}
