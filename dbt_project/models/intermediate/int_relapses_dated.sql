-- The first event by score: at one assessment, or at two in a row that lie the stated days apart, dated at the second.
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

confirmed as (

    select *
    from compared
    where
        is_met
        and (
            assessments_needed = 1
            or (
                is_met_before
                and (from_days is null or ady - ady_before between from_days and to_days)
            )
        )

),

ranked as (

    select
        *,
        row_number() over (partition by {{ episode() }} order by {{ assessment_order() }}) as candidate
    from confirmed

),

final as (

    select
        usubjid,
        paramcd,
        evntdesc,
        aperiod,
        ady,
        coalesce(last_ady_without, start_day) as lower_ady,
        delivery_rank,
        srcseq,
        adt
    from ranked
    where candidate = 1

)

select * from final
