/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/sweep.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/h5.h"
#include "experiments/plot.h"
#include "experiments/results.h"

#define SCHEMA  1
#define COLUMNS 6

static const char *const column_name[COLUMNS] = {"output_v", "mean_v", "sigma_v",
                                                 "low_v",    "high_v", "clipped"};

static double column(const struct oac_port_step *step, size_t c)
{
    const struct oac_port_reading *r = &step->reading;
    const double value[COLUMNS] = {step->volts, r->mean_v, r->sigma_v,
                                   r->low_v,    r->high_v, (double)r->clipped};
    return value[c];
}

static bool ends(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

enum oac_status oac_sweep_path_check(const char *path, struct oac_err *err)
{
    if (!ends(path, ".h5") && !ends(path, ".csv"))
        return oac_fail(err, OAC_EUSAGE, "'%.200s': give a file that ends in .h5 or .csv",
                        path);
    return oac_results_check_path(path, err);
}

void oac_sweep_csv(const struct oac_port_sweep *sweep, const struct oac_port_step *step,
                   size_t count, FILE *out)
{
    fprintf(out, "# %s swept, %s read\n", sweep->output->name, sweep->input->name);
    for (size_t c = 0; c < COLUMNS; c++)
        fprintf(out, "%s%c", column_name[c], c + 1 < COLUMNS ? ',' : '\n');
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            fprintf(out, "%.9g%c", column(&step[i], c), c + 1 < COLUMNS ? ',' : '\n');
}

enum oac_status oac_sweep_json(const struct oac_port_sweep *sweep,
                               const struct oac_port_step *step, size_t count, FILE *out,
                               struct oac_err *err)
{
    json_t *root = json_object(), *rows = json_array();
    int failed = !root || !rows;
    for (size_t i = 0; i < count && !failed; i++) {
        json_t *row = json_object();
        for (size_t c = 0; c < COLUMNS; c++)
            failed |= json_object_set_new(row, column_name[c], json_real(column(&step[i], c)));
        failed |= json_array_append_new(rows, row);
    }
    failed = failed || json_object_set_new(root, "output", json_string(sweep->output->name)) ||
             json_object_set_new(root, "input", json_string(sweep->input->name)) ||
             json_object_set(root, "steps", rows) ||
             json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) ||
             fputc('\n', out) == EOF;
    json_decref(rows);
    json_decref(root);
    return failed ? oac_fail(err, OAC_EIO, "cannot print the sweep as JSON") : OAC_OK;
}

static enum oac_status write_csv(const struct oac_port_sweep *sweep,
                                 const struct oac_port_step *step, size_t count,
                                 const char *path, struct oac_err *err)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return oac_fail(err, OAC_ENOMEM, "no memory for '%.200s'", path);
    oac_sweep_csv(sweep, step, count, out);
    const bool failed = ferror(out) != 0;
    enum oac_status status = OAC_OK;
    if (fclose(out) != 0 || failed)
        status = oac_fail(err, OAC_ENOMEM, "no memory for '%.200s'", path);
    else
        status = oac_file_write(path, text, bytes, err);
    free(text);
    return status;
}

static enum oac_status put_columns(struct oac_h5_writer *w, const struct oac_port_step *step,
                                   size_t count, struct oac_err *err)
{
    double *value = oac_alloc(count, sizeof *value, "a sweep's column", err);
    enum oac_status status = value ? OAC_OK : OAC_ENOMEM;
    for (size_t c = 0; c < COLUMNS && !status; c++) {
        char path[40];
        snprintf(path, sizeof path, "/%s", column_name[c]);
        for (size_t i = 0; i < count; i++)
            value[i] = column(&step[i], c);
        status = oac_h5_put_array(w, path, OAC_H5_F64, 1, &count, "step",
                                  c + 1 < COLUMNS ? "V" : "1", true, value, err);
    }
    free(value);
    return status;
}

static enum oac_status write_h5(const struct oac_port_sweep *sweep,
                                const struct oac_port_step *step, size_t count,
                                const char *command_line, const char *path, struct oac_err *err)
{
    struct oac_h5_writer *w = NULL;
    if (oac_h5_create(&w, err))
        return err->status;
    enum oac_status status = OAC_OK;
    if (oac_h5_put_provenance(w, "oac-sweep", SCHEMA, command_line, NULL, err) ||
        oac_h5_put_text(w, "/", "output", sweep->output->name, err) ||
        oac_h5_put_text(w, "/", "input", sweep->input->name, err) ||
        put_columns(w, step, count, err) || oac_h5_commit(w, path, err))
        status = err->status;
    oac_h5_destroy(w);
    return status;
}

enum oac_status oac_sweep_write(const struct oac_port_sweep *sweep,
                                const struct oac_port_step *step, size_t count,
                                const char *command_line, const char *path, struct oac_err *err)
{
    return ends(path, ".csv") ? write_csv(sweep, step, count, path, err)
                              : write_h5(sweep, step, count, command_line, path, err);
}

bool oac_sweep_picture_path(const char *path, bool png, char *picture, size_t bytes)
{
    const char *dot = strrchr(path, '.');
    const int stem = (int)(dot ? (size_t)(dot - path) : strlen(path));
    const int n = snprintf(picture, bytes, "%.*s.%s", stem, path, png ? "png" : "svg");
    return n > 0 && (size_t)n < bytes;
}

/* Readings with a bar of one sigma, the range that was heard as a band, clipped ones marked. */
enum oac_status oac_sweep_draw(const struct oac_port_sweep *sweep,
                               const struct oac_port_step *step, size_t count,
                               const char *picture, struct oac_err *err)
{
    struct oac_plot *plot = NULL;
    enum oac_status status = OAC_OK;
    bool clipped = false;
    double *value = oac_alloc(count, COLUMNS * sizeof *value, "a picture", err);
    if (!value)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < COLUMNS; c++)
            value[i * COLUMNS + c] = column(&step[i], c);
        clipped = clipped || step[i].reading.clipped > 0;
    }
    if (oac_plot_create(&plot, err) || oac_plot_table(plot, "t", count, COLUMNS, value, err))
        status = err->status;
    if (!status) {
        (void)sweep; /* names come from a profile's file: none in scripts (plot.h) */
        oac_plot_say(plot, "set xlabel 'output (V)'\nset ylabel 'input (V)'\nset key above\n"
                           "plot 't' using 1:4:5 with filledcurves lc rgb '#d6e6f2' title "
                           "'all samples', 't' using 1:2 with lines lw 2 lc rgb '" OAC_PLOT_BLUE
                           "' notitle, 't' using 1:2:3 with yerrorbars pt 7 ps 0.6 lc rgb "
                           "'" OAC_PLOT_BLUE "' title 'mean, one sigma'");
        if (clipped)
            oac_plot_say(plot,
                         ", 't' using 1:($6>0?$2:NaN) with points pt 6 ps 1.4 lw 2 lc rgb "
                         "'" OAC_PLOT_VERMILLION "' title 'clipped'");
        oac_plot_say(plot, "\n");
        status = oac_plot_draw(plot, picture, 860, 480, err);
    }
    oac_plot_destroy(plot);
    free(value);
    return status;
}
