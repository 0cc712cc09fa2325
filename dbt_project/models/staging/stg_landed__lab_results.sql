with source as (

    select * from {{ source('landed', 'lb') }}

),

ranked as (

    select
        *,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                usubjid,
                lbtestcd,
                visit,
                visitnum,
                lbdtc,
                lbtpt,
                lbtptnum,
                lbpos,
                lbcat,
                lbscat,
                lbspec,
                lbloc,
                lblat,
                lbdir,
                lbmethod,
                lbeval,
                lbevalid,
                lbgrpid,
                lbspid,
                lbrefid,
                lbrepnum
            order by delivery_rank desc
        ) as restatement
    from source

),

final as (

    select
        studyid,
        usubjid,
        siteid,
        lbtestcd,
        lbtest,
        lborres,
        lbstresu,
        visit,
        lbdtc,
        lbstresn,
        _delivery_id as delivery_id,
        _source_file as source_file,
        delivery_rank,
        _source_row as srcseq,
        _record as record,
        lbtpt as atpt,
        {{ qualifiers([
            'lbpos', 'lbloc', 'lblat', 'lbdir', 'lbspec',
            'lbmethod', 'lbeval', 'lbevalid', 'lbgrpid', 'lbrepnum'
        ]) }} as qualifiers
    from ranked
    where restatement = 1

)

select * from final
