-- The first event by score: at one assessment, or at several in a row that lie the stated days apart from each other,
-- dated at the last or the first of them.
with scores as (

    select * from {{ ref('int_scores_judged') }}

),

compared as (

    select
        *,
        lag(is_met) over (partition by {{ episode() }} order by {{ assessment_order() }}) as is_met_before,
        lag(ady) over (partition by {{ episode() }} order by {{ assessment_order() }}) as ady_before,
        max(case when not is_met then ady end) over (
            partition by {{ episode() }}
            order by {{ assessment_order() }}
            rows between unbounded preceding and 1 preceding
        ) as last_ady_without
    from scores

),

numbered as (

    select
        *,
        sum(
            case
                when is_met and is_met_before and (from_days is null or ady - ady_before between from_days and to_days)
                    then 0
                else 1
            end
        ) over (
            partition by {{ episode() }}
            order by {{ assessment_order() }}
            rows between unbounded preceding and current row
        ) as run
    from compared

),

measured as (

    select
        *,
        row_number() over (partition by {{ episode() }}, run order by {{ assessment_order() }}) as place_in_run,
        count(*) over (partition by {{ episode() }}, run) as assessments_in_a_row
    from numbered
    where is_met

),

ranked as (

    select
        *,
        row_number() over (partition by {{ episode() }} order by {{ assessment_order() }}) as candidate
    from measured
    where
        assessments_in_a_row >= assessments_needed
        and place_in_run = case when dated_at = 'first' then 1 else assessments_needed end

),

final as (

    select
        usubjid,
        paramcd,
        evntdesc as description,
        'QS' as srcdom,
        aperiod,
        2 as priority,
        0 as cnsr,
        ady,
        ady as known_ady,
        coalesce(last_ady_without, start_day) as lower_ady,
        delivery_rank,
        srcseq,
        adt
    from ranked
    where candidate = 1

)

select * from final
