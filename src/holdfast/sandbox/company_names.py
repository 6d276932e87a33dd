"""What the sample company's people, groups, accounts and permission sets are called."""

from __future__ import annotations

_GIVEN = """
Ada Adele Ahmed Aino Aisha Akira Alba Alejandro Amara Amélie Anders André Anika Anneli Antonín Astrid
Ayşe Beatriz Björn Bogdan Brigitte Bruno Camille Carlos Chiara Chloë Daan Daniela Dmitri Elif Elena
Emeka Emil Émile Esther Fatima Felix Fiona Françoise Freya Gabriel Georgi Giulia Grace Hana Hassan
Héctor Helga Hiroshi Ines Ingrid Irena Ivana Jaakko Jan Jeanne Jelena João José Jürgen Kaito Karin
Katarína Kenji Klára Laila Lars Léa Lena Liam Linnéa Lukáš Magnus Maja Maria Marek Matteo Mei Mihai
Mikołaj Mónica Nadia Nikola Noah Noor Olga Ólafur Omar Oskar Paula Pavel Petra Priya Quentin Rafael
Rania Renée Rosa Ryszard Samira Sanjay Sara Sébastien Silvia Sofia Søren Stefan Tamara Tereza Thomas
Tomáš Ulla Valentina Vera Viktor Wanda Wei Xenia Yara Yusuf Zoë Zofia
"""
_FAMILY = """
Abadi Åkesson Almeida Andersson Bauer Becker Bianchi Björklund Bošković Brandt Brennan Castillo Çelik
Chen Cohen Costa Dąbrowski Delacroix Dubois Dvořák Eriksson Esposito Fernández Ferrari Fischer Fontaine
Fournier Garcia García Gonçalves Grünwald Haddad Hansen Hernández Hofmann Horvat Ibrahim Ivanova Jansen
Jensen Johansson Jørgensen Kaya Keller Khan Kim Kovačević Kowalski Krüger Laurent Lefèvre Lehtonen Li
Lindqvist Löfgren López Łukasik Mäkinen Marino Martínez Meyer Moreau Müller Murphy Nakamura Nguyen
Nielsen Novák Nowak Núñez O'Brien Okafor Olsen Öztürk Papadopoulos Park Patel Pérez Petrov Popescu
Quiroga Rahman Ricci Rossi Roux Ruiz Saito Sánchez Santos Schäfer Schneider Sharma Silva Simonsen Singh
Strauß Suzuki Szabó Takahashi Tanaka Tóth Ueda Valdés Varga Virtanen Wagner Weber Wiśniewski Yamamoto
Yılmaz Zhang Zieliński Zimmermann
"""
_DEPARTMENTS = """
Platform Data Security Payments Finance Network Support Research Logistics Marketing Legal People Sales
Mobile Storefront Fulfilment Pricing Search Identity Compliance
"""
_MANAGED = """
ReadOnlyAccess PowerUserAccess SecurityAudit AmazonS3ReadOnlyAccess AmazonEC2ReadOnlyAccess
AmazonRDSReadOnlyAccess CloudWatchReadOnlyAccess AmazonDynamoDBReadOnlyAccess AWSSupportAccess
IAMReadOnlyAccess job-function/ViewOnlyAccess job-function/Billing job-function/NetworkAdministrator
job-function/DatabaseAdministrator job-function/SystemAdministrator
"""
GIVEN = tuple(_GIVEN.split())
FAMILY = tuple(_FAMILY.split())
DEPARTMENTS = tuple(_DEPARTMENTS.split())
MANAGED = tuple(f"arn:aws:iam::aws:policy/{name}" for name in _MANAGED.split())
ROLES = ("Engineers", "Analysts", "Operators", "Leads", "Auditors", "On-Call", "Contractors", "Reviewers")
PLACES = ("", " Berlin", " São Paulo", " 東京", " Kraków", " Nairobi", " Montréal", " Sydney")
STAGES = ("production", "staging", "development", "test")
TITLES = ("Engineer", "Senior Engineer", "Analyst", "Product Owner", "Team Lead", "Consultant", "Director")
LOCALES = (
    ("en-US", "America/New_York"),
    ("de-DE", "Europe/Berlin"),
    ("pt-BR", "America/Sao_Paulo"),
    ("ja-JP", "Asia/Tokyo"),
    ("fr-CA", "America/Montreal"),
    ("pl-PL", "Europe/Warsaw"),
)
