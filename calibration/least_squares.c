/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/least_squares.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multilarge_nlinear.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

#define ITERATIONS_MAX 100
#define TRIMS_MAX      8
/* Relative step and gradient at which GSL stops: far below any standard error, above rounding. */
#define STEP_SMALL     1e-9
#define GRADIENT_SMALL 1e-12
/* A norm of residuals that has changed by less is where it was: chi2 of 1e4 points to 1e-4. */
#define STILL 1e-8

struct solver {
    const struct oac_least_squares *problem;
    unsigned char *keep;    /* (points) */
    double *value, *sorted; /* (points) */
    double *jacobian;       /* (points, parameters) */
    double *square;         /* (parameters, parameters) */
    gsl_multilarge_nlinear_workspace *workspace;
};

static int residuals(const gsl_vector *theta, void *context, gsl_vector *f)
{
    struct solver *solver = context;
    const struct oac_least_squares *problem = solver->problem;
    problem->model(problem->context, theta->data, solver->value, NULL);
    for (size_t i = 0; i < problem->data.points; i++) {
        double off = (solver->value[i] - problem->data.y[i]) / problem->data.sigma[i];
        if (!isfinite(off))
            return GSL_EBADFUNC;
        gsl_vector_set(f, i, solver->keep[i] ? off : 0.0);
    }
    return GSL_SUCCESS;
}

/* sum (p, p), lower half, plus the J^T J of one row. */
static void square_one(size_t p, const double *row, double *sum)
{
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b <= a; b++)
            sum[a * p + b] += row[a] * row[b];
}

/* The same of four rows, which visits sum once. */
static void square_four(size_t p, const double *row, double *sum)
{
    const double *one = row + p, *two = row + 2 * p, *three = row + 3 * p;
    for (size_t a = 0; a < p; a++) {
        const double r0 = row[a], r1 = one[a], r2 = two[a], r3 = three[a];
        if (r0 == 0.0 && r1 == 0.0 && r2 == 0.0 && r3 == 0.0)
            continue; /* another channel's parameter */
        for (size_t b = 0; b <= a; b++)
            sum[a * p + b] += (r0 * row[b] + r1 * one[b]) + (r2 * two[b] + r3 * three[b]);
    }
}

/* J^T J, lower half: GSL's own product of so many rows is ten times slower. */
static void square(const struct solver *solver, gsl_matrix *jtj)
{
    const size_t p = solver->problem->parameters, points = solver->problem->data.points;
    double *sum = solver->square;
    memset(sum, 0, p * p * sizeof *sum);
    size_t i = 0; /* rows that do not count are zero */
    for (; i + 4 <= points; i += 4)
        square_four(p, solver->jacobian + i * p, sum);
    for (; i < points; i++)
        square_one(p, solver->jacobian + i * p, sum);
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b <= a; b++)
            gsl_matrix_set(jtj, a, b, sum[a * p + b]);
}

static int derivatives(CBLAS_TRANSPOSE_t transpose, const gsl_vector *theta,
                       const gsl_vector *u, void *context, gsl_vector *v, gsl_matrix *jtj)
{
    struct solver *solver = context;
    const struct oac_least_squares *problem = solver->problem;
    const size_t p = problem->parameters;
    problem->model(problem->context, theta->data, solver->value, solver->jacobian);
    if (v)
        gsl_vector_set_zero(v);
    for (size_t i = 0; i < problem->data.points; i++) {
        double *row = solver->jacobian + i * p;
        double *to = v ? v->data : NULL, sum = 0.0;
        const double by = v && transpose == CblasTrans ? gsl_vector_get(u, i) : 0.0;
        for (size_t a = 0; a < p; a++)
            row[a] = solver->keep[i] ? row[a] / problem->data.sigma[i] : 0.0;
        for (size_t a = 0; v && a < p; a++) {
            if (transpose == CblasTrans)
                to[a * v->stride] += row[a] * by;
            else
                sum += row[a] * gsl_vector_get(u, a);
        }
        if (v && transpose != CblasTrans)
            gsl_vector_set(v, i, sum);
    }
    if (jtj)
        square(solver, jtj);
    return GSL_SUCCESS;
}

/* Decides which points count; returns whether that changed. */
static bool trim(struct solver *solver, struct oac_fit *fit)
{
    const size_t points = solver->problem->data.points;
    bool changed = false;
    for (size_t i = 0; i < points; i++)
        solver->sorted[i] = fabs(fit->residual[i]);
    double spread =
        fmax(1.0, 1.4826 * gsl_stats_median(solver->sorted, 1, points)); /* sorts in place */
    for (size_t i = 0; i < points; i++) {
        unsigned char keep = fabs(fit->residual[i]) <= OAC_TRIM * spread;
        changed |= keep != solver->keep[i];
        solver->keep[i] = keep;
    }
    return changed;
}

static enum oac_status solve_once(struct solver *solver, gsl_multilarge_nlinear_fdf *system,
                                  struct oac_fit *fit, struct oac_err *err)
{
    const struct oac_least_squares *problem = solver->problem;
    const struct oac_fit_data *data = &problem->data;
    int info = 0;
    double before = 0.0;
    gsl_vector_view theta = gsl_vector_view_array(fit->estimate, problem->parameters);
    int status = gsl_multilarge_nlinear_init(&theta.vector, system, solver->workspace);
    if (status == GSL_SUCCESS)
        before = gsl_blas_dnrm2(gsl_multilarge_nlinear_residual(solver->workspace));
    if (status == GSL_SUCCESS)
        status = gsl_multilarge_nlinear_driver(ITERATIONS_MAX, STEP_SMALL, GRADIENT_SMALL, 0.0,
                                               NULL, NULL, &info, solver->workspace);
    /* A start at the minimum, after points were trimmed, has no step that lowers chi2: GSL goes on looking
     * for one. */
    if (status == GSL_EMAXITER && !(gsl_blas_dnrm2(gsl_multilarge_nlinear_residual(
                                        solver->workspace)) < before * (1.0 - STILL)))
        status = GSL_SUCCESS;
    /* No step lowers chi2 any further: the minimum to rounding, which GSL reports as lack of progress. */
    if (status != GSL_SUCCESS && status != GSL_ENOPROG)
        return oac_fail(err, OAC_EINVAL, "%s: no minimum after %d iterations (%s)",
                        problem->what, ITERATIONS_MAX, gsl_strerror(status));
    const gsl_vector *found = gsl_multilarge_nlinear_position(solver->workspace);
    for (size_t i = 0; i < problem->parameters; i++)
        fit->estimate[i] = gsl_vector_get(found, i);
    fit->iterations += gsl_multilarge_nlinear_niter(solver->workspace);
    problem->model(problem->context, fit->estimate, solver->value, solver->jacobian);
    for (size_t i = 0; i < data->points; i++)
        fit->residual[i] = (data->y[i] - solver->value[i]) / data->sigma[i];
    return OAC_OK;
}

static enum oac_status solver_init(struct solver *solver,
                                   const struct oac_least_squares *problem, struct oac_err *err)
{
    size_t points = problem->data.points, cells;
    gsl_multilarge_nlinear_parameters how = gsl_multilarge_nlinear_default_parameters();
    how.trs = gsl_multilarge_nlinear_trs_lm;
    how.solver = gsl_multilarge_nlinear_solver_cholesky;
    how.scale = gsl_multilarge_nlinear_scale_more;
    memset(solver, 0, sizeof *solver);
    solver->problem = problem;
    if (oac_size_product(points, problem->parameters, problem->what, &cells, err))
        return err->status;
    solver->keep = oac_alloc(points, 1, "a fit", err);
    solver->value = oac_alloc(2 * points, sizeof(double), "a fit", err);
    solver->jacobian = oac_alloc(cells, sizeof(double), "a Jacobian", err);
    solver->square = oac_alloc(problem->parameters * problem->parameters, sizeof(double),
                               "a normal matrix", err);
    if (!solver->keep || !solver->value || !solver->jacobian || !solver->square)
        return err->status;
    solver->sorted = solver->value + points;
    memset(solver->keep, 1, points);
    solver->workspace = gsl_multilarge_nlinear_alloc(gsl_multilarge_nlinear_trust, &how, points,
                                                     problem->parameters);
    if (!solver->workspace)
        return oac_fail(err, OAC_ENOMEM, "out of memory for the fit of %s: %zu points",
                        problem->what, points);
    return OAC_OK;
}

static void solver_fini(struct solver *solver)
{
    if (solver->workspace)
        gsl_multilarge_nlinear_free(solver->workspace);
    free(solver->keep);
    free(solver->value);
    free(solver->jacobian);
    free(solver->square);
}

static enum oac_status check(const struct oac_least_squares *problem, struct oac_err *err)
{
    const struct oac_fit_data *data = &problem->data;
    if (!(data->points > problem->parameters))
        return oac_fail(err, OAC_EINVAL, "%s: %zu points cannot fix %zu parameters: take more",
                        problem->what, data->points, problem->parameters);
    for (size_t i = 0; i < data->points; i++)
        if (!isfinite(data->y[i]) || !(data->sigma[i] > 0.0))
            return oac_fail(err, OAC_EINVAL, "%s: point %zu is %g with sigma %g", problem->what,
                            i, data->y[i], data->sigma[i]);
    return OAC_OK;
}

enum oac_status oac_least_squares(const struct oac_least_squares *problem, struct oac_fit *fit,
                                  struct oac_err *err)
{
    struct solver solver;
    struct oac_fit made = {0};
    gsl_set_error_handler_off(); /* its default aborts the process */
    if (check(problem, err))
        return err->status;
    if (solver_init(&solver, problem, err) ||
        oac_fit_init(&made, problem->parameters, problem->data.points, err))
        goto fail;
    gsl_multilarge_nlinear_fdf system = {.f = residuals,
                                         .df = derivatives,
                                         .n = problem->data.points,
                                         .p = problem->parameters,
                                         .params = &solver};
    memcpy(made.estimate, problem->start, problem->parameters * sizeof *made.estimate);
    for (int round = 0; round < TRIMS_MAX; round++) {
        if (solve_once(&solver, &system, &made, err))
            goto fail;
        if (!trim(&solver, &made))
            break;
    }
    if (oac_fit_finish(&made, &problem->data, solver.jacobian, solver.keep, problem->what, err))
        goto fail;
    solver_fini(&solver);
    *fit = made;
    return OAC_OK;
fail:
    solver_fini(&solver);
    oac_fit_fini(&made);
    return err->status;
}

struct linear {
    size_t points, parameters;
    const double *design;
};

static void linear_model(const void *context, const double *theta, double *value,
                         double *jacobian)
{
    const struct linear *linear = context;
    for (size_t i = 0; i < linear->points; i++) {
        const double *row = linear->design + i * linear->parameters;
        value[i] = 0.0;
        for (size_t p = 0; p < linear->parameters; p++)
            value[i] += row[p] * theta[p];
    }
    if (jacobian)
        memcpy(jacobian, linear->design,
               linear->points * linear->parameters * sizeof *jacobian);
}

enum oac_status oac_linear_least_squares(const char *what, const struct oac_fit_data *data,
                                         size_t parameters, const double *design,
                                         struct oac_fit *fit, struct oac_err *err)
{
    const struct linear linear = {data->points, parameters, design};
    double *start = oac_alloc(parameters, sizeof *start, what, err);
    if (!start)
        return err->status;
    const struct oac_least_squares problem = {.what = what,
                                              .data = *data,
                                              .parameters = parameters,
                                              .start = start,
                                              .model = linear_model,
                                              .context = &linear};
    enum oac_status status = oac_least_squares(&problem, fit, err);
    free(start);
    return status;
}
