with dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

arms as (

    select * from {{ source('study', 'arms') }}

),

-- The site and the randomisation service may both report it; the record that names an arm comes first.
ranked as (

    select
        dispositions.*,
        arms.arm as allocated_arm,
        row_number() over (
            partition by dispositions.usubjid
            order by
                case when arms.arm is null then 1 else 0 end,
                dispositions.adt nulls last,
                dispositions.delivery_rank,
                dispositions.srcseq,
                dispositions.record
        ) as candidate
    from dispositions
    left join arms
        on dispositions.arm = arms.arm
    where dispositions.dsdecod = 'RANDOMIZED'

),

final as (

    select
        usubjid,
        allocated_arm as arm,
        adt as randdt
    from ranked
    where candidate = 1

)

select * from final
