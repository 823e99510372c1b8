//! The kinds of message for suggestions: the arguments of a line with this kind, and other words for it.

/// A kind of message.
pub(super) struct KindWords {
    /// The name of its command.
    pub(super) name: &'static str,
    /// What follows the kind in a line.
    example_arguments: &'static str,
    /// Other words for the kind, separated by spaces.
    others: &'static str,
}

const TEXT: KindWords = KindWords {
    name: "text",
    example_arguments: "'TEXT'",
    others: "message messages msg sms whatsapp texto mensaje mensajes chat body plain",
};

pub(super) const KIND_WORDS: &[KindWords] = &[
    TEXT,
    KindWords {
        name: "list",
        example_arguments: "--text 'TEXT' --option 'FIRST' --option 'SECOND'",
        others: "lista menu menú options opciones list-message list_message",
    },
    KindWords {
        name: "quick-reply",
        example_arguments: "--text 'TEXT' --reply 'YES' --reply 'NO'",
        others: "button buttons boton botón botones quick_reply quick-replies reply replies \
            interactive poll encuesta survey",
    },
    KindWords {
        name: "image",
        example_arguments: "--media-url URL",
        others: "photo photos picture pic foto fotos imagen imagenes imágenes images img jpg jpeg \
            png",
    },
    KindWords {
        name: "audio",
        example_arguments: "--media-url URL",
        others: "voice voz voice-note nota mp3 ogg ptt sound sonido",
    },
    KindWords {
        name: "video",
        example_arguments: "--media-url URL",
        others: "videos mp4 movie clip",
    },
    KindWords {
        name: "file",
        example_arguments: "--media-url URL",
        others: "document documents documento documentos doc pdf docx xlsx archivo archivos files \
            adjunto attachment attach",
    },
    KindWords {
        name: "sticker",
        example_arguments: "--media-url URL",
        others: "stickers calcomania calcomanía webp",
    },
    KindWords {
        name: "location",
        example_arguments: "--lat DEGREES --long DEGREES",
        others: "ubicacion ubicación map mapa gps geo position place",
    },
    KindWords {
        name: "location-request",
        example_arguments: "--text 'TEXT'",
        others: "request-location ask-location pedir-ubicacion",
    },
    KindWords {
        name: "contact-info-request",
        example_arguments: "--text 'TEXT'",
        others: "request-contact contact-request",
    },
    KindWords {
        name: "contacts",
        example_arguments: "--name 'NAME' --phone PHONE",
        others: "contact contacto contactos vcard vcf card tarjeta",
    },
    KindWords {
        name: "cta-url",
        example_arguments: "--text 'TEXT' --url URL --button 'LABEL'",
        others: "link links url enlace cta cta_url button-url url-button website",
    },
    KindWords {
        name: "call",
        example_arguments: "--text 'TEXT' --button 'LABEL'",
        others: "voice_call voice-call llamada llamar phone-call",
    },
    KindWords {
        name: "flow",
        example_arguments: "--title 'TITLE' --text 'TEXT' --caption 'CAPTION' --flow-id ID --button \
            'LABEL' --flow-name NAME --screen SCREEN",
        others: "flujo form formulario flows",
    },
    KindWords {
        name: "flow-message",
        example_arguments: "--flow-name NAME --title 'TITLE' --text 'TEXT' --caption 'CAPTION' --button \
            'LABEL' --screen SCREEN",
        others: "flow_message",
    },
    KindWords {
        name: "carousel",
        example_arguments: "--text 'TEXT' --card @FILE",
        others: "carrusel cards carousels",
    },
    KindWords {
        name: "template",
        example_arguments: "NAME --param 'VALUE'",
        others: "hsm plantilla plantillas templates otp template-message",
    },
    KindWords {
        name: "raw",
        example_arguments: "--body FILE",
        others: "json custom",
    },
];

impl KindWords {
    /// Returns the kind with the command `name`.
    pub(super) fn from_name(name: &str) -> Option<&'static Self> {
        KIND_WORDS.iter().find(|kind| kind.name == name)
    }

    pub(super) fn text() -> &'static Self {
        &TEXT
    }

    /// Returns the kind with this name, or with this other word for it.
    pub(super) fn from_word(word: &str) -> Option<&'static Self> {
        let word = word.to_lowercase();
        let has_word = |kind: &&Self| kind.others.split(' ').any(|other| other == word);
        Self::from_name(&word).or_else(|| KIND_WORDS.iter().find(has_word))
    }

    /// Returns the flags in the line of this kind.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let words = self.example_arguments.split_whitespace();
        words.filter(|word| word.starts_with("--"))
    }

    /// Returns the line that sends this kind.
    pub(super) fn line(&self) -> String {
        let Self {
            name,
            example_arguments,
            ..
        } = self;
        match *name {
            "flow-message" => format!("jelouctl flow-message --to NUMBER {example_arguments}"),
            _ => format!("jelouctl send {name} --to NUMBER {example_arguments}"),
        }
    }

    /// Returns the line that sends this kind to each row of a list.
    pub(super) fn bulk_line(&self) -> String {
        let name = self.name;
        let arguments = self
            .example_arguments
            .replace("'TEXT'", "'Hola {{ nombre }}'")
            .replace("'VALUE'", "'{{ nombre }}'");
        format!("jelouctl bulk send LIST {name} {arguments}")
    }
}
