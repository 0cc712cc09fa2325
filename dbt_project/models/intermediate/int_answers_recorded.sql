-- Single questions that the study file names: those that call for action, and those that ask whether the blind held.
with items as (

    select * from {{ ref('stg_landed__score_items') }}

),

alerts as (

    select * from {{ source('study', 'score_alerts') }}

),

assessments as (

    select * from {{ source('study', 'blinding_assessments') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

named as (

    select qstestcd from alerts
    union
    select qstestcd from assessments
    union
    select certainty_testcd as qstestcd from assessments
    where certainty_testcd is not null

),

ranked as (

    select
        items.*,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                items.usubjid,
                items.qstestcd,
                items.visit,
                items.qsdtc,
                items.qstpt,
                items.period,
                items.arm,
                items.qualifiers
            order by items.delivery_rank desc
        ) as restatement
    from items
    inner join named
        on items.qstestcd = named.qstestcd

),

final as (

    select
        ranked.studyid,
        ranked.usubjid,
        ranked.siteid,
        ranked.qstestcd,
        ranked.qsorres,
        coalesce(ranked.visit, 'UNSCHEDULED') as visit,
        ranked.qstpt as atpt,
        ranked.qualifiers,
        deliveries.delivery_id,
        deliveries.file as source_file,
        ranked.record,
        -- A question that is answered by yes or no may have its answer alone.
        coalesce(
            ranked.qsstresn,
            case when upper(ranked.qsorres) in ('Y', 'YES') then 1 when upper(ranked.qsorres) in ('N', 'NO') then 0 end
        ) as qsstresn,
        ranked.source_row as srcseq,
        ranked.qsdtc as dtc,
        {{ full_date('ranked.qsdtc') }} as adt
    from ranked
    left join deliveries
        on ranked.delivery_rank = deliveries.delivery_rank
    where ranked.restatement = 1

)

select * from final
