-- What starts the time of each subject and period: the first planned visit in response (or remission) that a run of the
-- stated length begins with, or the randomisation of whoever was in it then.
with judged as (

    select * from {{ ref('int_starts_judged') }}

),

randomisations as (

    select * from {{ ref('int_randomisations_responding') }}

),

numbered as (

    select
        *,
        sum(case when is_met then 0 else 1 end) over (
            partition by usubjid, paramcd, aperiod
            order by avisitn
            rows between unbounded preceding and current row
        ) as run
    from judged

),

measured as (

    select
        *,
        count(*) over (
            partition by usubjid, paramcd, aperiod, run, is_met
            order by avisitn
            rows between current row and unbounded following
        ) as visits_in_a_row
    from numbered

),

ranked as (

    select
        *,
        row_number() over (
            partition by usubjid, paramcd, aperiod
            order by avisitn
        ) as candidate
    from measured
    where is_met and is_seen and start_day is not null and visits_in_a_row >= assessments_needed

),

final as (

    select
        usubjid,
        trta,
        endpoint,
        paramcd,
        instrument,
        'QS' as srcdom,
        aperiod,
        ady as startdy,
        start_day,
        delivery_rank,
        srcseq,
        base,
        adt as startdt,
        first_dose_date
    from ranked
    where candidate = 1
    union all
    select
        usubjid,
        trta,
        endpoint,
        paramcd,
        instrument,
        'DS' as srcdom,
        1 as aperiod,
        startdy,
        startdy as start_day,
        delivery_rank,
        srcseq,
        base,
        startdt,
        first_dose_date
    from randomisations

)

select * from final
