//! The words of labels and of statuses in languages other than English, for guessing alone: a rule says its own.

use super::pairs::Meaning;
use crate::features::maintenance::model::Status;

/// What one language says.
#[derive(Debug)]
pub(super) struct Language {
    /// Words of labels, as in `pairs.rs`.
    pub(super) labels: &'static [(&'static str, Meaning)],
    /// Words and the status they mean, the first that occurs counts.
    pub(super) statuses: &'static [(&'static str, Status)],
}

/// German, French, Spanish, Italian, Portuguese.
pub(super) static LANGUAGES: [Language; 5] = [GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE];

/// German.
const GERMAN: Language = Language {
    labels: &[
        (" auswirkung", Meaning::Impact),
        (" beeinträchtigung", Meaning::Impact),
        (" zustand", Meaning::Status),
        (" betroffene", Meaning::Circuit),
        (" leitung", Meaning::Circuit),
        (" anschluss", Meaning::Circuit),
        (" dienst", Meaning::Circuit),
        (" wartungsfenster", Meaning::Window),
        (" zeitfenster", Meaning::Window),
        (" zeitraum", Meaning::Window),
        ("=termin", Meaning::Window),
        ("=datum", Meaning::Window),
        ("=von", Meaning::Start),
        ("=ab", Meaning::Start),
        ("=bis", Meaning::End),
        (" vorgang", Meaning::Id),
        (" referenz", Meaning::Id),
        (" auftrag", Meaning::Id),
        (" wartungsnummer", Meaning::Id),
        (" wartungs id", Meaning::Id),
        (" kunde", Meaning::Account),
        (" grund", Meaning::Summary),
        (" beschreibung", Meaning::Summary),
        (" arbeiten", Meaning::Summary),
        (" maßnahme", Meaning::Summary),
    ],
    statuses: &[
        ("abgesagt", Status::Cancelled),
        ("storniert", Status::Cancelled),
        ("entfällt", Status::Cancelled),
        ("verschoben", Status::ReScheduled),
        ("abgeschlossen", Status::Completed),
        ("beendet", Status::Completed),
        ("hat begonnen", Status::InProcess),
        ("in arbeit", Status::InProcess),
        ("vorläufig", Status::Tentative),
        ("bestätigt", Status::Confirmed),
        ("geplant", Status::Confirmed),
        ("wartung", Status::Confirmed),
    ],
};

/// French.
const FRENCH: Language = Language {
    labels: &[
        (" incidence", Meaning::Impact),
        (" statut", Meaning::Status),
        (" état", Meaning::Status),
        (" service impacté", Meaning::Circuit),
        (" services impactés", Meaning::Circuit),
        (" service concerné", Meaning::Circuit),
        (" services concernés", Meaning::Circuit),
        (" liaison", Meaning::Circuit),
        (" lien ", Meaning::Circuit),
        (" fenêtre", Meaning::Window),
        (" plage", Meaning::Window),
        (" créneau", Meaning::Window),
        (" début", Meaning::Start),
        ("=du", Meaning::Start),
        ("=fin", Meaning::End),
        (" fin ", Meaning::End),
        (" date de fin", Meaning::End),
        (" heure de fin", Meaning::End),
        ("=au", Meaning::End),
        (" référence", Meaning::Id),
        (" numéro", Meaning::Id),
        (" compte", Meaning::Account),
        (" motif", Meaning::Summary),
        (" raison", Meaning::Summary),
        (" objet", Meaning::Summary),
        (" travaux", Meaning::Summary),
    ],
    statuses: &[
        ("annul", Status::Cancelled),
        ("reporté", Status::ReScheduled),
        ("replanifi", Status::ReScheduled),
        ("terminé", Status::Completed),
        ("achevé", Status::Completed),
        ("en cours", Status::InProcess),
        ("a débuté", Status::InProcess),
        ("provisoire", Status::Tentative),
        ("confirmé", Status::Confirmed),
        ("planifié", Status::Confirmed),
        ("programmé", Status::Confirmed),
        ("travaux", Status::Confirmed),
    ],
};

/// Spanish.
const SPANISH: Language = Language {
    labels: &[
        (" afectación", Meaning::Impact),
        (" estado", Meaning::Status),
        (" servicio afectado", Meaning::Circuit),
        (" servicios afectados", Meaning::Circuit),
        (" id de servicio", Meaning::Circuit),
        (" enlace", Meaning::Circuit),
        (" ventana", Meaning::Window),
        (" horario", Meaning::Window),
        ("=fecha", Meaning::Window),
        (" inicio", Meaning::Start),
        ("=desde", Meaning::Start),
        (" término", Meaning::End),
        (" finalización", Meaning::End),
        ("=hasta", Meaning::End),
        (" referencia", Meaning::Id),
        (" número", Meaning::Id),
        (" folio", Meaning::Id),
        (" cliente", Meaning::Account),
        (" cuenta", Meaning::Account),
        (" motivo", Meaning::Summary),
        (" descripción", Meaning::Summary),
        (" trabajo", Meaning::Summary),
    ],
    statuses: &[
        ("anulad", Status::Cancelled),
        ("reprogramad", Status::ReScheduled),
        ("aplazad", Status::ReScheduled),
        ("completad", Status::Completed),
        ("finalizad", Status::Completed),
        ("concluid", Status::Completed),
        ("en curso", Status::InProcess),
        ("ha comenzado", Status::InProcess),
        ("tentativ", Status::Tentative),
        ("confirmad", Status::Confirmed),
        ("programad", Status::Confirmed),
        ("planificad", Status::Confirmed),
        ("mantenimiento", Status::Confirmed),
    ],
};

/// Italian.
const ITALIAN: Language = Language {
    labels: &[
        (" impatto", Meaning::Impact),
        (" disservizio", Meaning::Impact),
        (" stato", Meaning::Status),
        (" servizio interessato", Meaning::Circuit),
        (" servizi interessati", Meaning::Circuit),
        (" servizi impattati", Meaning::Circuit),
        (" linea", Meaning::Circuit),
        (" finestra", Meaning::Window),
        (" data e ora", Meaning::Window),
        (" inizio", Meaning::Start),
        ("=dal", Meaning::Start),
        (" fine ", Meaning::End),
        ("=fine", Meaning::End),
        (" data fine", Meaning::End),
        (" ora fine", Meaning::End),
        ("=al", Meaning::End),
        (" riferimento", Meaning::Id),
        (" numero", Meaning::Id),
        (" descrizione", Meaning::Summary),
        (" attività", Meaning::Summary),
        (" lavori", Meaning::Summary),
    ],
    statuses: &[
        ("annullat", Status::Cancelled),
        ("rinviat", Status::ReScheduled),
        ("riprogrammat", Status::ReScheduled),
        ("posticipat", Status::ReScheduled),
        ("completat", Status::Completed),
        ("terminata", Status::Completed),
        ("terminato", Status::Completed),
        ("conclusa", Status::Completed),
        ("concluso", Status::Completed),
        ("in corso", Status::InProcess),
        ("iniziat", Status::InProcess),
        ("confermat", Status::Confirmed),
        ("pianificat", Status::Confirmed),
        ("programmata", Status::Confirmed),
        ("manutenzione", Status::Confirmed),
    ],
};

/// Portuguese.
const PORTUGUESE: Language = Language {
    labels: &[
        (" situação", Meaning::Status),
        (" serviço afetado", Meaning::Circuit),
        (" serviços afetados", Meaning::Circuit),
        (" designação", Meaning::Circuit),
        (" janela", Meaning::Window),
        (" horário", Meaning::Window),
        ("=data", Meaning::Window),
        (" início", Meaning::Start),
        ("=de", Meaning::Start),
        ("=fim", Meaning::End),
        (" fim ", Meaning::End),
        (" data fim", Meaning::End),
        ("=até", Meaning::End),
        (" referência", Meaning::Id),
        (" chamado", Meaning::Id),
        (" protocolo", Meaning::Id),
        ("=conta", Meaning::Account),
        (" descrição", Meaning::Summary),
        (" atividade", Meaning::Summary),
    ],
    statuses: &[
        ("cancelad", Status::Cancelled),
        ("adiad", Status::ReScheduled),
        ("reagendad", Status::ReScheduled),
        ("remarcad", Status::ReScheduled),
        ("concluíd", Status::Completed),
        ("encerrad", Status::Completed),
        ("em andamento", Status::InProcess),
        ("iniciad", Status::InProcess),
        ("agendad", Status::Confirmed),
        ("manutenção", Status::Confirmed),
    ],
};

/// The languages of which a text, in small letters, says a status.
pub(super) fn spoken(lower: &str) -> impl Iterator<Item = &'static Language> {
    LANGUAGES.iter().filter(move |language| language.statuses.iter().any(|(word, _)| lower.contains(word)))
}
