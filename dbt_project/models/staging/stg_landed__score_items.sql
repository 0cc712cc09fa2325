-- Restatements are resolved where the items are added up (int_scores_summed): numbering 10^7 rows here would cost
-- more than the whole derivation.
with source as (

    select * from {{ source('landed', 'qs') }}

),

final as (

    select
        studyid,
        siteid,
        usubjid,
        qstestcd,
        qsorres,
        qsstat,
        visit,
        qsdtc,
        qstpt,
        arm,
        {{ qualifiers(['qsgrpid', 'qseval', 'qsevalid', 'qsrepnum']) }} as qualifiers,
        cast(period as integer) as period,
        delivery_rank,
        _source_row as source_row,
        _record as record,
        qsstresn
    from source

)

select * from final
