with sessions as (

    select * from {{ ref('stg_landed__therapy_sessions') }}

),

-- A session that the export does not mark as missed took place; minutes are decimals, so that their sum has no order.
final as (

    select
        usubjid,
        count(*) as therapy_sessions,
        cast(sum(cast(minutes as decimal(18, 4))) as double) as therapy_minutes
    from sessions
    where coalesce(proccur, 'Y') = 'Y'
    group by usubjid

)

select * from final
